import APIKit
import FeatureKit
import FoundationEssentials
import HTTPTypes
import Identity

/// The SQL editor: a statement, its rows or its error, and the snippets of the project.
struct SQLRoutes: Sendable {
    let frame: ProjectPages
    let sql: ProjectSQL

    static let path = "\(ProjectRoutes.path)/sql"

    /// Snippets that the page lists.
    private static let snippetsShown = 100
    /// Characters of a value that the result shows.
    private static let valueShownMax = 1_000

    var routes: [Route] {
        [
            Route(
                .get, Self.path, access: .permission(.databaseRead),
                operation: .page("The SQL editor", query: ["snippet"]), handler: show),
            Route(
                .post, Self.path, access: .permission(.databaseRead), operation: .form("Run SQL"), handler: run
            ).takingLargeBody.lasting(.minutes),
            Route(
                .post, "\(Self.path)/snippets", access: .permission(.snippetsRead),
                operation: .form("Keep a statement as a snippet"), handler: save
            ).takingLargeBody,
            Route(
                .post, "\(Self.path)/snippets/{id}/delete", access: .permission(.snippetsRead),
                operation: .form("Delete a snippet")
            ) { request in
                let path = "/platform/projects/\(try request.ref())/content?ids=\(try request.uuid("id"))"
                _ = try await frame.calls.send(.delete, path, for: request)
                return try frame.see("/sql", of: request)
            },
        ]
    }

    private func show(_ request: APIRequest) async throws -> APIResponse {
        var statement = ""
        var name: String?
        if let id = request.query["snippet"].flatMap({ UUID(uuidString: $0) })?.uuidString.lowercased() {
            let path = "/platform/projects/\(try request.ref())/content/item/\(id)"
            let snippet = try await frame.calls.json(.get, path, for: request)
            (statement, name) = (snippet["content"]?["sql"]?.text ?? "", snippet["name"]?.text)
        }
        return try await page(request, Draft(statement: statement, name: name))
    }

    private struct Draft {
        var statement: String
        var name: String?
        var role: String?
        var isReadOnly = false
        var outcome: ProjectSQL.Outcome?
        var problem: String?
    }

    private func run(_ request: APIRequest) async throws -> APIResponse {
        let form = try request.form()
        let statement = (form["sql"] ?? "").replacing("\r\n", with: "\n")
        let canWrite = try frame.granted(request).contains(.databaseWrite)
        var draft = Draft(statement: statement, isReadOnly: form["read_only"] == "1")
        guard statement.contains(where: { !$0.isWhitespace }) else {
            draft.problem = "there is no statement to run"
            return try await page(request, draft)
        }
        let isReadOnly = draft.isReadOnly || !canWrite
        draft.role = isReadOnly ? nil : form["role"]
        if let role = draft.role, !role.isEmpty {
            draft.role = try await TableRoutes.roles(request, sql, chosen: role).role
        } else {
            draft.role = nil
        }
        draft.outcome = try await sql.run(
            SQLText(statement, isReadOnly: isReadOnly, role: draft.role), for: request)
        return try await page(request, draft)
    }

    private func page(_ request: APIRequest, _ draft: Draft) async throws -> APIResponse {
        let granted = try frame.granted(request)
        var fields: [String: PageValue] = [
            "statement": .text(draft.statement), "name": .visible(draft.name), "problem": .visible(draft.problem),
            "can_write": .flag(granted.contains(.databaseWrite)), "read_only": .flag(draft.isReadOnly),
            "can_save": .flag(granted.contains(.snippetsRead)),
        ]
        // The roles come from the database, which need not answer for the page to be shown.
        if granted.contains(.databaseWrite) {
            fields["roles"] = try await roles(request, chosen: draft.role)
        }
        if granted.contains(.snippetsRead) {
            let path = "/platform/projects/\(try request.ref())/content?type=sql&limit=\(Self.snippetsShown)"
            fields["snippets"] = PageValue(try await frame.calls.json(.get, path, for: request)["data"])
        }
        var status = HTTPResponse.Status.ok
        switch draft.outcome {
        case nil: if draft.problem != nil { status = .badRequest }
        case .refused(let refusal)?: (fields["refusal"], status) = (refusal.fields, .badRequest)
        case .rows(let table)?: fields["result"] = Self.result(table)
        }
        return try await frame.page("sql", in: .sql, title: "SQL", fields, for: request, status: status)
    }

    private func roles(_ request: APIRequest, chosen: String?) async throws -> PageValue {
        do { return try await TableRoutes.roles(request, sql, chosen: chosen).choices } catch {
            guard [.serviceUnavailable, .badRequest].contains(APIError(anything: error).status) else { throw error }
            return .list([])
        }
    }

    static func result(_ table: ResultTable) -> PageValue {
        let rows = table.rows.map { row in
            PageValue.object([
                "cells": .list(
                    row.map { value in
                        guard let value else { return .object(["is_null": true]) }
                        let isCut = value.count > valueShownMax
                        return .object([
                            "text": .visible(isCut ? String(value.prefix(valueShownMax)) + "…" : value),
                            "is_null": false, "is_empty": .flag(value.isEmpty),
                        ])
                    })
            ])
        }
        return .object([
            "columns": .list(table.columns.map { .object(["name": .visible($0)]) }), "rows": .list(rows),
            "count": .text("\(rows.count)"), "is_cut": .flag(table.isCut), "is_empty": .flag(rows.isEmpty),
            "is_one": .flag(rows.count == 1),
        ])
    }

    private func save(_ request: APIRequest) async throws -> APIResponse {
        let form = try request.form()
        let statement = (form["sql"] ?? "").replacing("\r\n", with: "\n")
        let id = UUID().uuidString.lowercased()
        let body = JSON.object([
            "id": .string(id), "name": .string(form.trimmed("name")), "type": "sql",
            "visibility": form["shared"] == "1" ? "project" : "user",
            "content": ["sql": .string(statement), "schema_version": "1.0", "content_id": .string(id)],
        ])
        do {
            _ = try await frame.calls.send(
                .post, "/platform/projects/\(try request.ref())/content", body: body, for: request)
        } catch {
            let refusal = try APIError.refusal(error)
            return try await page(
                request, Draft(statement: statement, name: form["name"], problem: refusal.message))
        }
        return try frame.see("/sql?snippet=\(id)", of: request)
    }
}
