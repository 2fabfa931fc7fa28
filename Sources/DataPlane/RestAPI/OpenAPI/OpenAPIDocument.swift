import DataPlaneCore

/// The OpenAPI 2.0 description of a schema, as client generators and Studio read it.
struct OpenAPIDocument {
    /// What the role may use.
    struct Access {
        var tables: Set<String>
        var functions: Set<String>
        /// The schema's comment: its first line is the title.
        var comment: String?
    }

    private static let types = [
        "application/json", "application/vnd.pgrst.object+json;nulls=stripped",
        "application/vnd.pgrst.object+json", "text/csv",
    ]

    let schema: String
    let cache: SchemaCache
    let access: Access

    var json: JSONText {
        let tables = cache.tables.values.filter { $0.name.schema == schema && access.tables.contains($0.name.name) }
            .sorted { $0.name < $1.name }
        let routines = cache.routines.filter { $0.key.schema == schema && access.functions.contains($0.key.name) }
            .sorted { $0.key < $1.key }.compactMap(\.value.first)
        return .object([
            .init("swagger", .string("2.0")), .init("info", info),
            .init("host", .string("0.0.0.0:3000")), .init("basePath", .string("/")),
            .init("schemes", .array([.string("http")])),
            .init("consumes", Self.strings(Self.types)), .init("produces", Self.strings(Self.types)),
            .init("paths", .object([root] + tables.map(path) + routines.map(path))),
            .init("definitions", .object(tables.map(definition))),
            .init("parameters", .object(Self.parameters + tables.flatMap(OpenAPIParameters.ofTable))),
            .init(
                "externalDocs",
                .object([
                    .init("description", .string("PostgREST Documentation")),
                    .init("url", .string("https://postgrest.org/en/stable/references/api.html")),
                ])),
        ])
    }

    private var info: JSONText {
        let lines = (access.comment ?? "").split(separator: "\n", maxSplits: 1).map(String.init)
        return .object([
            .init("title", .string(lines.first ?? "REST API of the schema \(schema)")),
            .init("description", .string(lines.count > 1 ? lines[1] : "")), .init("version", .string("1.0")),
        ])
    }

    static func strings(_ texts: [String]) -> JSONText { .array(texts.map { .string($0) }) }

    // MARK: Paths

    private var root: JSONText.Member {
        .init(
            "/",
            .object([
                .init(
                    "get",
                    Self.operation(
                        tag: "Introspection", summary: "OpenAPI description (this document)", comment: nil,
                        parameters: [], status: "200"))
            ]))
    }

    private func path(_ table: Table) -> JSONText.Member {
        let name = table.name.name
        let filters = table.columns.map { "rowFilter.\(name).\($0.name)" }
        var operations: [JSONText.Member] = []
        let add = { (method: String, parameters: [String], status: String) in
            operations.append(
                .init(
                    method,
                    Self.operation(
                        tag: name, summary: table.comment.map { Self.firstLine($0) }, comment: table.comment,
                        parameters: parameters.map(Self.reference), status: status)))
        }
        add("get", filters + ["select", "order", "range", "rangeUnit", "offset", "limit", "preferCount"], "200")
        if table.canInsert { add("post", ["body.\(name)", "select", "preferPost"], "201") }
        if table.canUpdate { add("patch", filters + ["body.\(name)", "preferReturn"], "204") }
        if table.canDelete { add("delete", filters + ["preferReturn"], "204") }
        return .init("/\(name)", .object(operations))
    }

    private func path(_ routine: Routine) -> JSONText.Member {
        let summary = routine.comment.map { Self.firstLine($0) }
        let name = "(rpc) \(routine.name.name)"
        let operation = { (parameters: [JSONText]) in
            Self.operation(
                tag: name, summary: summary, comment: routine.comment, parameters: parameters, status: "200")
        }
        var operations: [JSONText.Member] = []
        if routine.isReadOnly { operations.append(.init("get", operation(OpenAPIParameters.query(of: routine)))) }
        operations.append(
            .init("post", operation([OpenAPIParameters.body(of: routine), Self.reference("preferParams")])))
        return .init("/rpc/\(routine.name.name)", .object(operations))
    }

    private static func operation(
        tag: String, summary: String?, comment: String?, parameters: [JSONText], status: String
    ) -> JSONText {
        var members: [JSONText.Member] = [.init("tags", strings([tag]))]
        if let summary { members.append(.init("summary", .string(summary))) }
        if let comment, comment.contains("\n") {
            let rest = comment.split(separator: "\n", maxSplits: 1).last.map(String.init) ?? ""
            members.append(.init("description", .string(rest)))
        }
        if !parameters.isEmpty { members.append(.init("parameters", .array(parameters))) }
        let answer = JSONText.object([.init("description", .string(status == "200" ? "OK" : "Done"))])
        members.append(.init("responses", .object([.init(status, answer)])))
        return .object(members)
    }

    private static func reference(_ name: String) -> JSONText {
        .object([.init("$ref", .string("#/parameters/\(name)"))])
    }

    static func firstLine(_ text: String) -> String {
        text.split(separator: "\n", maxSplits: 1).first.map(String.init) ?? text
    }

    // MARK: Definitions

    private func definition(_ table: Table) -> JSONText.Member {
        let required = table.columns.filter { !$0.isNullable }.map(\.name)
        var members: [JSONText.Member] = []
        if let comment = table.comment { members.append(.init("description", .string(comment))) }
        if !required.isEmpty { members.append(.init("required", Self.strings(required))) }
        members.append(
            .init("properties", .object(table.columns.map { .init($0.name, property($0, of: table)) })))
        members.append(.init("type", .string("object")))
        return .init(table.name.name, .object(members))
    }

    private func property(_ column: Column, of table: Table) -> JSONText {
        var members = OpenAPIParameters.type(column.type)
        if let text = column.defaultSQL { members.append(.init("default", .string(text))) }
        if let length = column.maxLength { members.append(.init("maxLength", .number(String(length)))) }
        if !column.labels.isEmpty { members.append(.init("enum", Self.strings(column.labels))) }
        if let text = note(column, of: table) { members.append(.init("description", .string(text))) }
        return .object(members)
    }

    /// The comment, and the tags that client generators look for.
    private func note(_ column: Column, of table: Table) -> String? {
        var notes: [String] = []
        if table.primaryKey.contains(column.name) { notes.append("This is a Primary Key.<pk/>") }
        let key = (cache.relationships[table.name] ?? []).compactMap { relationship -> (String, String)? in
            switch relationship.kind {
            case .manyToOne(_, let pairs), .oneToOne(_, let pairs, isOwner: true):
                guard pairs.count == 1, pairs[0].origin == column.name, !relationship.targetIsView else { return nil }
                return (relationship.target.name, pairs[0].target)
            default: return nil
            }
        }.first
        if let (target, column) = key {
            notes.append("This is a Foreign Key to `\(target).\(column)`.<fk table='\(target)' column='\(column)'/>")
        }
        let note = notes.isEmpty ? nil : "Note:\n" + notes.joined(separator: "\n")
        let parts = [column.comment, note].compactMap(\.self)
        return parts.isEmpty ? nil : parts.joined(separator: "\n\n")
    }

    // MARK: Shared parameters

    private static var parameters: [JSONText.Member] {
        [
            header("preferParams", name: "Prefer", values: ["params=single-object"]),
            header("preferReturn", name: "Prefer", values: ["return=representation", "return=minimal", "return=none"]),
            header(
                "preferCount", name: "Prefer",
                values: ["count=none", "count=exact", "count=planned", "count=estimated"]),
            header(
                "preferPost", name: "Prefer",
                values: [
                    "return=representation", "return=minimal", "return=none", "resolution=ignore-duplicates",
                    "resolution=merge-duplicates",
                ]),
            query("select", "Filtering Columns"), query("on_conflict", "On Conflict"), query("order", "Ordering"),
            header("range", name: "Range", values: []), header("rangeUnit", name: "Range-Unit", values: []),
            query("offset", "Limiting and Pagination"), query("limit", "Limiting and Pagination"),
        ]
    }

    private static func header(_ key: String, name: String, values: [String]) -> JSONText.Member {
        var members: [JSONText.Member] = [
            .init("name", .string(name)), .init("in", .string("header")), .init("required", .bool(false)),
            .init("type", .string("string")),
        ]
        if !values.isEmpty { members.append(.init("enum", strings(values))) }
        return .init(key, .object(members))
    }

    private static func query(_ name: String, _ description: String) -> JSONText.Member {
        .init(
            name,
            .object([
                .init("name", .string(name)), .init("description", .string(description)),
                .init("in", .string("query")), .init("required", .bool(false)), .init("type", .string("string")),
            ]))
    }
}
