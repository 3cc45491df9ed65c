// A list that loads further pages: a connection, with an argument that belongs to its key.
import { graphql } from "react-relay";

export const query = graphql`
  query MemberListQuery($text: String) {
    ...MemberList_members @arguments(text: $text)
  }
`;

export const fragment = graphql`
  fragment MemberList_members on Query
  @argumentDefinitions(count: { type: "Int", defaultValue: 20 }, cursor: { type: "String" }, text: { type: "String" })
  @refetchable(queryName: "MemberListPaginationQuery") {
    members(first: $count, after: $cursor, text: $text) @connection(key: "MemberList_members", filters: ["text"]) {
      totalCount
      edges {
        node {
          name
          ...MemberCard_member
        }
      }
    }
  }
`;
