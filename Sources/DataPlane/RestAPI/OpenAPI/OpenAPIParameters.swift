import DataPlaneCore

/// Types and parameters of the OpenAPI description.
enum OpenAPIParameters {
    /// `type`, `format` and `items` of an SQL type.
    static func type(_ sql: String) -> [JSONText.Member] {
        let format = JSONText.Member("format", .string(sql))
        if sql.hasSuffix("[]") {
            return [format, .init("type", .string("array")), .init("items", .object(items(String(sql.dropLast(2)))))]
        }
        return (scalar(sql).map { [.init("type", .string($0))] } ?? []) + [format]
    }

    private static func items(_ sql: String) -> [JSONText.Member] {
        scalar(sql).map { [.init("type", .string($0))] } ?? []
    }

    /// The JSON type; nil where a value may be of any.
    private static func scalar(_ sql: String) -> String? {
        switch sql {
        case "boolean": "boolean"
        case "smallint", "integer", "bigint": "integer"
        case "numeric", "real", "double precision": "number"
        case "json", "jsonb": nil
        default: "string"
        }
    }

    /// A filter for each column, and the body.
    static func ofTable(_ table: Table) -> [JSONText.Member] {
        let name = table.name.name
        let body = JSONText.Member(
            "body.\(name)",
            .object([
                .init("name", .string(name)), .init("description", .string(table.comment ?? name)),
                .init("in", .string("body")), .init("required", .bool(false)),
                .init("schema", .object([.init("$ref", .string("#/definitions/\(name)"))])),
            ]))
        return [body]
            + table.columns.map { column in
                var members: [JSONText.Member] = [
                    .init("name", .string(column.name)), .init("required", .bool(false)),
                    .init("in", .string("query")), .init("type", .string("string")),
                ]
                if let comment = column.comment { members.append(.init("description", .string(comment))) }
                return .init("rowFilter.\(name).\(column.name)", .object(members))
            }
    }

    /// Arguments in the query string.
    static func query(of routine: Routine) -> [JSONText] {
        routine.parameters.filter { !$0.name.isEmpty }.map { parameter in
            var members: [JSONText.Member] = [
                .init("name", .string(parameter.name)), .init("in", .string("query")),
                .init("required", .bool(parameter.isRequired)),
            ]
            members += type(parameter.type)
            if !members.contains(where: { $0.name == "type" }) { members.append(.init("type", .string("string"))) }
            return .object(members)
        }
    }

    /// Arguments in the body.
    static func body(of routine: Routine) -> JSONText {
        let required = routine.parameters.filter(\.isRequired).map(\.name)
        var schema: [JSONText.Member] = [.init("type", .string("object"))]
        schema.append(
            .init("properties", .object(routine.parameters.map { .init($0.name, .object(type($0.type))) })))
        if !required.isEmpty { schema.append(.init("required", OpenAPIDocument.strings(required))) }
        if let comment = routine.comment { schema.append(.init("description", .string(comment))) }
        return .object([
            .init("name", .string("args")), .init("in", .string("body")), .init("required", .bool(true)),
            .init("schema", .object(schema)),
        ])
    }
}
