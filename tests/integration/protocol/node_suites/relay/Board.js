// A live board: what a subscription tells is what the query asked for.
import { graphql } from "react-relay";

export const unit = graphql`
  fragment Board_unit on OrgUnit @argumentDefinitions(period: { type: "String!" }) {
    name
    attainment(period: $period) {
      target
      achieved
      rate
    }
  }
`;

export const query = graphql`
  query BoardQuery($period: String!) {
    company {
      root {
        ...Board_unit @arguments(period: $period)
        children {
          ...Board_unit @arguments(period: $period)
        }
      }
    }
  }
`;

export const subscription = graphql`
  subscription BoardSubscription($ids: [ID!]!, $period: String!) {
    attainmentChanged(orgUnitIds: $ids) {
      changedAt
      orgUnits {
        ...Board_unit @arguments(period: $period)
      }
    }
  }
`;
