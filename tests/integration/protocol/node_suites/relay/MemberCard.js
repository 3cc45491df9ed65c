// A fragment that is fetched again by the id of its object, with another period, and a connection below a node.
import { graphql } from "react-relay";

export const member = graphql`
  fragment MemberCard_member on Member
  @argumentDefinitions(period: { type: "String", defaultValue: "2026" })
  @refetchable(queryName: "MemberCardRefetchQuery") {
    key
    name
    attainment(period: $period) {
      target
      achieved
      rate
      status
    }
  }
`;

export const statements = graphql`
  fragment MemberCard_statements on Member
  @argumentDefinitions(count: { type: "Int", defaultValue: 10 }, cursor: { type: "String" })
  @refetchable(queryName: "MemberCardStatementsQuery") {
    statements(first: $count, after: $cursor) @connection(key: "MemberCard_statements") {
      edges {
        node {
          id
        }
      }
    }
  }
`;

export const query = graphql`
  query MemberCardQuery($id: ID!, $period: String!) {
    node(id: $id) {
      __typename
      ... on Member @alias(as: "member") {
        ...MemberCard_member @arguments(period: $period)
        ...MemberCard_statements
      }
    }
  }
`;
