import APIKit
import FeatureKit
import HTTPTypes
import Identity

/// The form of one row: insert, change, delete, as a role of choice.
struct RowRoutes: Sendable {
    let frame: ProjectPages
    let sql: ProjectSQL

    var routes: [Route] {
        let path = TableRoutes.path
        return [
            Route(
                .get, "\(path)/row", access: .permission(.databaseWrite),
                operation: .page("The form of a row", query: ["k0", "role"])
            ) { request in
                let table = try await TableRoutes.table(request, sql)
                guard request.query["k0"] != nil else { return try await form(request, Draft(table: table)) }
                let key = try RowKey(of: table) { request.query[$0] }
                return try await form(
                    request, try await draft(request, of: table, key: key, role: request.query["role"]))
            },
            change("\(path)/rows", summary: "Insert a row", handler: insert),
            change("\(path)/row", summary: "Change a row", handler: update),
            change("\(path)/row/delete", summary: "Delete a row", handler: delete),
        ]
    }

    private func change(_ path: String, summary: String, handler: @escaping Route.Handler) -> Route {
        Route(
            .post, path, access: .permission(.databaseWrite), operation: .form(summary), handler: handler
        ).takingLargeBody.lasting(.minutes)
    }

    /// What a form shows.
    private struct Draft {
        let table: TableShape
        var key: RowKey?
        /// The row as it is.
        var state: RowState?
        var form: FormFields?
        var role: String?
        var problem: SQLRefusal?

        /// Its texts.
        var present: [String?]? { state?.texts }
    }

    /// The row as it is; 404 where the role sees none.
    private func draft(
        _ request: APIRequest, of table: TableShape, key: RowKey, role: String?
    ) async throws -> Draft {
        let role = try await TableRoutes.roles(request, sql, chosen: role).role
        switch try await sql.run(key.reading(of: table, role: role), for: request) {
        case .refused(let refusal): throw APIError(.badRequest, refusal.message)
        case .rows(let answer):
            guard let state = RowState(answer, of: table) else {
                throw APIError(.notFound, "there is no such row, or \(role ?? "the owner") does not see it")
            }
            return Draft(table: table, key: key, state: state, role: role)
        }
    }

    private func form(_ request: APIRequest, _ draft: Draft) async throws -> APIResponse {
        let table = draft.table
        if let obstacle = draft.key == nil ? table.obstacle : table.editObstacle {
            throw APIError(.badRequest, obstacle)
        }
        let chosen = draft.role ?? request.query["role"]
        let roles = try await TableRoutes.roles(request, sql, chosen: chosen)
        let key = (draft.key?.query ?? []).map {
            PageValue.object(["name": .text($0.0), "value": .text($0.1)])
        }
        return try await frame.page(
            "row", in: .data, title: draft.key == nil ? "New row" : "Row",
            [
                "table": .object(["oid": .text(table.oid), "name": .visible(table.name)]),
                "schema_query": .text(PagePath.query([("schema", table.schema)])), "schema": .visible(table.schema),
                "is_new": .flag(draft.key == nil), "key": .list(key), "roles": roles.choices,
                "seen": draft.present.map { .text(RowEdit.mark(of: $0)) } ?? .none,
                "problem": draft.problem?.fields ?? .none,
                "inputs": .list(table.columns.enumerated().map { input($1, index: $0, of: draft) }),
            ], for: request, status: draft.problem == nil ? .ok : .badRequest)
    }

    private func input(_ column: TableShape.Column, index: Int, of draft: Draft) -> PageValue {
        let old = draft.present.flatMap { $0.indices.contains(index) ? $0[index] : nil }
        let form = Self.isUntouched(column, index: index, of: draft) ? nil : draft.form
        let text = form?["v\(index)"] ?? old ?? ""
        let mode = form?["m\(index)"] ?? Self.mode(column, isNew: draft.key == nil, isNull: old == nil)
        // A field of one line would lose them.
        let hasLines = text.unicodeScalars.contains { $0 == "\n" || $0 == "\r" }
        let isLong = hasLines || text.count > Self.lineMax || Self.longTypes.contains(column.type)
        func option(_ value: String, _ label: String) -> PageValue {
            .object(["value": .text(value), "label": .text(label), "is_chosen": .flag(value == mode)])
        }
        var modes = [option("value", draft.key == nil ? "the text" : "as it is")]
        if column.isNullable { modes.append(option("null", "NULL")) }
        if column.hasDefault || draft.key == nil { modes.append(option("default", "default")) }
        return .object([
            "index": .text("\(index)"), "name": .visible(column.name), "type": .visible(column.type),
            "text": .text(text), "mark": draft.present == nil ? .none : .text(RowEdit.fieldMark(of: old)),
            "is_computed": .flag(column.isComputed), "is_key": .flag(column.isKey),
            "is_long": .flag(isLong), "modes": .list(modes), "is_required": .flag(!column.isNullable),
        ])
    }

    /// Whether a form asks for nothing of a column: then it shows what there is, not what there was.
    private static func isUntouched(_ column: TableShape.Column, index: Int, of draft: Draft) -> Bool {
        guard let form = draft.form, let seen = form["o\(index)"], let text = form["v\(index)"] else { return false }
        let mode = form["m\(index)"]
        return RowEdit.isUntouched(text, seen: seen)
            && (mode == nil || mode == Self.mode(column, isNew: false, isNull: seen == "-"))
    }

    /// Characters beyond which a text gets several lines.
    private static let lineMax = 80
    private static let longTypes = ["json", "jsonb", "xml"]

    /// What an empty field means at first.
    private static func mode(_ column: TableShape.Column, isNew: Bool, isNull: Bool) -> String {
        if isNew { return column.hasDefault ? "default" : column.isNullable ? "null" : "value" }
        return isNull && column.isNullable ? "null" : "value"
    }

    // MARK: Changes

    private func insert(_ request: APIRequest) async throws -> APIResponse {
        let table = try await TableRoutes.table(request, sql)
        if let obstacle = table.obstacle { throw APIError(.badRequest, obstacle) }
        let form = try request.form()
        let role = try await TableRoutes.roles(request, sql, chosen: form["role"]).role
        let edit = RowEdit(form, of: table, present: nil)
        switch try await sql.run(edit.insertion(into: table, role: role), for: request) {
        case .rows: return try back(to: table, role: role, request)
        case .refused(let refusal):
            let draft = Draft(table: table, form: form, role: role, problem: refusal)
            return try await self.form(request, draft)
        }
    }

    private func update(_ request: APIRequest) async throws -> APIResponse {
        let table = try await TableRoutes.table(request, sql)
        if let obstacle = table.editObstacle { throw APIError(.badRequest, obstacle) }
        let form = try request.form()
        let key = try RowKey(of: table) { form[$0] }
        var draft = try await draft(request, of: table, key: key, role: form["role"])
        draft.form = form
        let edit = RowEdit(form, of: table, present: draft.present)
        guard !edit.changes.isEmpty else { return try back(to: table, role: draft.role, request) }
        if Self.isOutdated(form, draft) {
            draft.problem = Self.changedMeanwhile
            return try await self.form(request, draft)
        }
        guard let state = draft.state else { return try await self.form(request, draft) }
        let statement = edit.update(of: table, key: key, from: state, role: draft.role)
        let outcome = try await sql.run(statement, for: request)
        return try await end(outcome, of: draft, for: request)
    }

    private func delete(_ request: APIRequest) async throws -> APIResponse {
        let table = try await TableRoutes.table(request, sql)
        if let obstacle = table.editObstacle { throw APIError(.badRequest, obstacle) }
        let form = try request.form()
        let key = try RowKey(of: table) { form[$0] }
        var draft = try await draft(request, of: table, key: key, role: form["role"])
        if Self.isOutdated(form, draft) {
            draft.problem = Self.changedMeanwhile
            return try await self.form(request, draft)
        }
        guard let state = draft.state else { return try await self.form(request, draft) }
        let outcome = try await sql.run(key.deletion(from: table, in: state, role: draft.role), for: request)
        return try await end(outcome, of: draft, for: request)
    }

    /// Whether the row is another one than the form was made of. A form that does not say of what has no claim.
    private static func isOutdated(_ form: FormFields, _ draft: Draft) -> Bool {
        guard let seen = form["seen"], !seen.isEmpty, let present = draft.present else { return false }
        return seen != RowEdit.mark(of: present)
    }

    private static let changedMeanwhile = SQLRefusal(
        "nothing was changed: the row is another one by now than when this form was opened. Sent once more, it replaces "
            + "what is there; open the row again to see that first")

    private func end(
        _ outcome: ProjectSQL.Outcome, of draft: Draft, for request: APIRequest
    ) async throws -> APIResponse {
        var draft = draft
        switch outcome {
        case .rows(let answer) where answer.rows.isEmpty: draft = try await unchanged(draft, for: request)
        case .rows: return try back(to: draft.table, role: draft.role, request)
        case .refused(let refusal): draft.problem = refusal
        }
        return try await form(request, draft)
    }

    /// What is said of a row that a statement did not change: another has changed it since it was read, or it is kept.
    private func unchanged(_ draft: Draft, for request: APIRequest) async throws -> Draft {
        guard let key = draft.key, let state = draft.state else { return draft }
        var now = try await self.draft(request, of: draft.table, key: key, role: draft.role)
        now.form = draft.form
        let isKept = now.state?.isSame(as: state) == true
        now.problem =
            isKept
            ? SQLRefusal("no row was changed: a policy or a trigger keeps \(draft.role ?? "the owner") from it")
            : Self.changedMeanwhile
        return now
    }

    private func back(to table: TableShape, role: String?, _ request: APIRequest) throws -> APIResponse {
        try frame.see("/data/\(table.oid)\(PagePath.query(role.map { [("role", $0)] } ?? []))", of: request)
    }
}
