import APIKit
import FeatureKit
import HTTPTypes
import Identity

/// One table: its rows, its columns, its policies, and the switch for row level security.
struct TableRoutes: Sendable {
    let frame: ProjectPages
    let sql: ProjectSQL

    static let path = "\(DataRoutes.path)/{oid}"

    var routes: [Route] {
        [
            Route(
                .get, Self.path, access: .permission(.databaseRead),
                operation: .page(
                    "The rows of a table", query: ["column", "op", "value", "sort", "desc", "page", "role"]),
                handler: show
            ).lasting(.minutes),
            Route(
                .get, "\(Self.path)/policies", access: .permission(.databaseRead),
                operation: .page("The columns and policies of a table")
            ) { try await policies($0) },
            Route(
                .post, "\(Self.path)/row-security", access: .permission(.databaseWrite),
                operation: .form("Switch row level security of a table"), handler: switchRowSecurity
            ).lasting(.minutes),
        ]
    }

    /// The table that the path names; 404 where there is none.
    static func table(_ request: APIRequest, _ sql: ProjectSQL) async throws -> TableShape {
        let oid = try request.parameter("oid")
        guard UInt32(oid) != nil else { throw APIError(.notFound, "the database has no such table") }
        let answer = try await sql.read(DatabaseCatalogue.table, [.string(oid)], for: request)
        guard let table = TableShape(answer, oid: oid) else {
            throw APIError(.notFound, "the database has no such table")
        }
        return table
    }

    /// The role that a page works as, if it names one that there is, and the choice of roles.
    static func roles(
        _ request: APIRequest, _ sql: ProjectSQL, chosen: String?
    ) async throws -> (role: String?, choices: PageValue) {
        let names = try await sql.read(DatabaseCatalogue.roles, for: request).values(of: "name").compactMap { $0 }
        let role = names.first { $0 == chosen }
        return (
            role,
            .list(names.map { .object(["value": .visible($0), "is_chosen": .flag($0 == role)]) })
        )
    }

    private func show(_ request: APIRequest) async throws -> APIResponse {
        let table = try await Self.table(request, sql)
        let canWrite = try frame.granted(request).contains(.databaseWrite)
        // Another role is taken on by the owner alone.
        let roles = try await Self.roles(request, sql, chosen: canWrite ? request.query["role"] : nil)
        let query = try RowQuery(request.query, of: table)
        let outcome = try await sql.run(query.statement(of: table, role: roles.role), for: request)
        var fields = head(of: table, tab: "rows", canWrite: canWrite)
        let list = RowList(table: table, query: query, role: roles.role)
        fields.merge(list.fields(of: outcome, canWrite: canWrite)) { $1 }
        fields["roles"] = canWrite ? roles.choices : .list([])
        fields["role"] = .visible(roles.role)
        return try await frame.page("table", in: .data, title: table.name, fields, for: request)
    }

    private func head(of table: TableShape, tab: String, canWrite: Bool) -> [String: PageValue] {
        [
            "table": .object([
                "oid": .text(table.oid), "name": .visible(table.name), "schema": .visible(table.schema),
                "kind": .text(DatabaseCatalogue.word(ofKind: table.kind)), "is_table": .flag(table.isTable),
                "row_security": .flag(table.hasRowSecurity), "obstacle": .visible(table.obstacle),
                "edit_obstacle": .visible(table.editObstacle),
            ]),
            "schema_query": .text(PagePath.query([("schema", table.schema)])),
            "is_rows": .flag(tab == "rows"), "is_policies": .flag(tab == "policies"), "can_write": .flag(canWrite),
            "can_insert": .flag(canWrite && table.obstacle == nil),
        ]
    }

    private func policies(_ request: APIRequest, problem: SQLRefusal? = nil) async throws -> APIResponse {
        let table = try await Self.table(request, sql)
        let canWrite = try frame.granted(request).contains(.databaseWrite)
        var fields = head(of: table, tab: "policies", canWrite: canWrite)
        fields["problem"] = problem?.fields ?? PageValue.none
        fields["policies"] = table.policies
        fields["columns"] = .list(
            table.columns.map { column in
                .object([
                    "name": .visible(column.name), "type": .visible(column.type),
                    "is_nullable": .flag(column.isNullable), "has_default": .flag(column.hasDefault),
                    "is_key": .flag(column.isKey), "is_computed": .flag(column.isComputed),
                ])
            })
        return try await frame.page(
            "policies", in: .data, title: table.name, fields, for: request, status: problem == nil ? .ok : .badRequest)
    }

    private func switchRowSecurity(_ request: APIRequest) async throws -> APIResponse {
        let table = try await Self.table(request, sql)
        guard table.kind == "r" || table.kind == "p" else {
            throw APIError(.badRequest, "a \(DatabaseCatalogue.word(ofKind: table.kind)) has no row level security")
        }
        guard let wanted = try request.form()["enable"], ["0", "1"].contains(wanted) else {
            throw APIError(.badRequest, "the form does not say whether to enable row level security")
        }
        let verb = wanted == "1" ? "enable" : "disable"
        let text = SQLText("alter table \(table.sqlName) \(verb) row level security")
        switch try await sql.run(text, for: request) {
        case .rows: return try frame.see("/data/\(table.oid)/policies", of: request)
        case .refused(let refusal): return try await policies(request, problem: refusal)
        }
    }
}

/// The rows of a page, and where its links lead.
struct RowList: Sendable {
    let table: TableShape
    let query: RowQuery
    let role: String?

    func fields(of outcome: ProjectSQL.Outcome, canWrite: Bool) -> [String: PageValue] {
        var fields: [String: PageValue] = [
            "heads": .list(table.columns.map(head)), "filter_columns": .list(table.columns.map(filterColumn)),
            "comparisons": .list(RowQuery.Comparison.allCases.map(comparison)),
            "filter_value": .visible(query.filter?.value), "is_filtered": .flag(query.filter != nil),
            "sort": .visible(query.sort), "desc": .flag(query.isDescending),
        ]
        switch outcome {
        case .refused(let refusal): fields["problem"] = refusal.fields
        case .rows(let answer):
            let shown = answer.rows.prefix(RowQuery.pageRows)
            let canEdit = canWrite && table.editObstacle == nil
            fields["rows"] = .list(shown.map { row($0, canEdit: canEdit) })
            fields["first"] = .text("\(query.page * RowQuery.pageRows + 1)")
            fields["last"] = .text("\(query.page * RowQuery.pageRows + shown.count)")
            fields["is_empty"] = .flag(shown.isEmpty)
            if query.page > 0 { fields["previous"] = .text(link(page: query.page - 1)) }
            if answer.rows.count > RowQuery.pageRows { fields["next"] = .text(link(page: query.page + 1)) }
        }
        return fields
    }

    private func link(page: Int) -> String {
        let path = query.path(sort: query.sort, isDescending: query.isDescending, page: page, role: role)
        return path.isEmpty ? "?" : path
    }

    private func head(_ column: TableShape.Column) -> PageValue {
        let isSorted = query.sort == column.name
        let turns = isSorted && !query.isDescending
        return .object([
            "name": .visible(column.name), "type": .visible(column.type), "is_key": .flag(column.isKey),
            "sort_link": .text(query.path(sort: column.name, isDescending: turns, page: 0, role: role)),
            "order": isSorted ? .text(query.isDescending ? "descending" : "ascending") : .none,
            "arrow": isSorted ? .text(query.isDescending ? "↓" : "↑") : .none,
        ])
    }

    private func filterColumn(_ column: TableShape.Column) -> PageValue {
        .object(["value": .visible(column.name), "is_chosen": .flag(query.filter?.column == column.name)])
    }

    private func comparison(_ comparison: RowQuery.Comparison) -> PageValue {
        .object([
            "value": .text(comparison.rawValue), "label": .text(comparison.label),
            "is_chosen": .flag(query.filter?.comparison == comparison),
        ])
    }

    /// The values stand before the texts of the key.
    private func row(_ values: [String?], canEdit: Bool) -> PageValue {
        let count = table.columns.count
        let key = values.dropFirst(count).prefix(table.key.count).compactMap { $0 }
        var fields: [String: PageValue] = ["cells": .list(values.prefix(count).map(Self.cell))]
        if canEdit, key.count == table.key.count {
            fields["edit"] = .text(
                PagePath.query(RowKey(key).query + (role.map { [("role", $0)] } ?? [])))
        }
        return .object(fields)
    }

    static func cell(_ text: String?) -> PageValue {
        guard let text else { return .object(["is_null": true]) }
        let isCut = text.count > RowQuery.valueShownMax
        return .object([
            "text": .visible(isCut ? String(text.prefix(RowQuery.valueShownMax)) + "…" : text),
            "is_empty": .flag(text.isEmpty), "is_null": false,
        ])
    }
}
