"""Reviews (考核): what a member is judged by for a period, who judges him, and how it ends.

A form (`forms`) says what is judged and has versions; a cycle (`cycles`) opens one review per member for a period, on
one version. A review goes through the steps of `steps`; who may take which is said by `people`. Scores come from the
company's scorer (`asking`); a review that is filed never changes.
"""
