"""What is planned and done for leads, customers and opportunities, and the reviews of deals."""
