// A mutation whose payload puts the new object into a list that was loaded before.
import { graphql } from "react-relay";

export const mutation = graphql`
  mutation NewMemberMutation($input: CreateMemberInput!, $connections: [ID!]!) {
    createMember(input: $input) {
      member @appendNode(connections: $connections, edgeTypeName: "MemberEdge") {
        ...MemberCard_member
      }
      errors {
        path
        code
        message
      }
    }
  }
`;
