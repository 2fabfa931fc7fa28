import APIKit
import FeatureKit
import HTTPTypes
import Identity

/// The tables of a project's database, schema by schema, and its extensions.
struct DataRoutes: Sendable {
    let frame: ProjectPages
    let sql: ProjectSQL

    static let path = "\(ProjectRoutes.path)/data"

    var routes: [Route] {
        [
            Route(
                .get, Self.path, access: .permission(.databaseRead),
                operation: .page("The tables of a database", query: ["schema"]), handler: show),
            Route(
                .get, "\(Self.path)/extensions", access: .permission(.databaseRead),
                operation: .page("The extensions of a database")
            ) { try await extensions($0) },
            Route(
                .post, "\(Self.path)/extensions", access: .permission(.databaseWrite),
                operation: .form("Enable or disable an extension"), handler: changeExtension
            ).lasting(.minutes),
        ]
    }

    private func show(_ request: APIRequest) async throws -> APIResponse {
        let schemas = try await sql.read(DatabaseCatalogue.schemas, for: request).values(of: "name").compactMap { $0 }
        let asked = request.query["schema"]
        let schema = schemas.first { $0 == asked } ?? schemas.first ?? ""
        let tables = try await sql.read(DatabaseCatalogue.tables, [.string(schema)], for: request)
        let shown = tables.rows.map { TableRow(Dictionary(zip(tables.columns, $0)) { $1 }).fields }
        return try await frame.page(
            "data", in: .data, title: "Tables",
            [
                "schema": .visible(schema), "tables": .list(shown), "is_cut": .flag(tables.isCut),
                "schemas": .list(
                    schemas.map { .object(["value": .visible($0), "is_chosen": .flag($0 == schema)]) }),
                "count": .text("\(shown.count)"),
            ], for: request)
    }

    // MARK: Extensions

    private func extensions(_ request: APIRequest, problem: SQLRefusal? = nil) async throws -> APIResponse {
        let found = try await sql.read(DatabaseCatalogue.extensions, for: request)
        let rows = found.rows.map { Dictionary(zip(found.columns, $0)) { $1 } }
        return try await frame.page(
            "extensions", in: .data, title: "Extensions",
            [
                "problem": problem?.fields ?? .none,
                "can_write": .flag(try frame.granted(request).contains(.databaseWrite)),
                "extensions": .list(
                    rows.map { row in
                        .object([
                            "name": .visible(row["name"] ?? nil), "comment": .visible(row["comment"] ?? nil),
                            "installed": .visible(row["installed_version"] ?? nil),
                            "version": .visible(row["default_version"] ?? nil),
                            "schema": .none,
                        ])
                    }),
            ], for: request, status: problem == nil ? .ok : .badRequest)
    }

    private func changeExtension(_ request: APIRequest) async throws -> APIResponse {
        let form = try request.form()
        let known = try await sql.read(DatabaseCatalogue.extensions, for: request).values(of: "name")
        guard let name = form["name"], known.contains(name) else {
            throw APIError(.notFound, "the server has no such extension")
        }
        let quoted = SQLName.quoted(name)
        var statement = "drop extension \(quoted)"
        if form["enable"] == "1" {
            let place = try await sql.read(DatabaseCatalogue.extensionSchema, for: request).values(of: "name")
            let schema = place.first.flatMap { $0 }.map { " with schema \(SQLName.quoted($0))" } ?? ""
            statement = "create extension \(quoted)\(schema) cascade"
        }
        switch try await sql.run(SQLText(statement), for: request) {
        case .rows: return try frame.see("/data/extensions", of: request)
        case .refused(let refusal): return try await extensions(request, problem: refusal)
        }
    }
}

/// A table in a list.
private struct TableRow {
    let values: [String: String?]

    init(_ values: [String: String?]) { self.values = values }

    private func text(_ name: String) -> String? { values[name] ?? nil }

    var fields: PageValue {
        let estimate = text("estimate").flatMap { Int64($0) } ?? -1
        let isTable = ["r", "p"].contains(text("kind"))
        return .object([
            "oid": .visible(text("oid")), "name": .visible(text("name")), "comment": .visible(text("comment")),
            "kind": .text(DatabaseCatalogue.word(ofKind: text("kind"))),
            // PostgreSQL knows no number before the first ANALYZE.
            "estimate": estimate < 0 ? "–" : .text("\(estimate)"),
            "size": .visible(text("bytes").flatMap { Int64($0) }.map(PageText.bytes)),
            "policies": .visible(text("policies")), "is_table": .flag(isTable),
            "row_security": .flag(text("row_security") == "true"),
        ])
    }
}
