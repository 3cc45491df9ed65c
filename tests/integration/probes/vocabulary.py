"""Every word of a schema."""

from __future__ import annotations

from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLInterfaceType, GraphQLObjectType, GraphQLSchema


def vocabulary(schema: GraphQLSchema) -> list[str]:
    """The names of its types, fields, arguments and enum values, sorted."""
    words = {name for name in schema.type_map if not name.startswith("__")}
    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            words |= kind.fields.keys()
            words.update(*(field.args for field in kind.fields.values()))
        elif isinstance(kind, GraphQLInputObjectType):
            words |= kind.fields.keys()
        elif isinstance(kind, GraphQLEnumType):
            words |= kind.values.keys()
    return sorted(word for word in words if not word.startswith("__"))
