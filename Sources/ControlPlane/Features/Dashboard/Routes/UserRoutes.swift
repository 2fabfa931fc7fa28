import APIKit
import FeatureKit
import HTTPTypes
import Identity

/// The end users of a project: found by SQL, changed by its own auth.
struct UserRoutes: Sendable {
    let frame: ProjectPages
    let sql: ProjectSQL

    static let path = "\(ProjectRoutes.path)/users"

    /// Users of a page.
    private static let pageUsers = 50
    private static let pageMax = 100_000
    /// Characters of a search.
    private static let searchMax = 256
    /// What auth takes for a ban without an end.
    private static let banForever = "876000h"

    var routes: [Route] {
        [
            Route(
                .get, Self.path, access: .permission(.databaseWrite),
                operation: .page("The users of a project", query: ["search", "page"])
            ) { try await show($0) },
            change("", summary: "Create a user", handler: create),
            change("/invite", summary: "Invite a user", handler: invite),
            change("/{id}/ban", summary: "Ban a user, or end the ban", handler: ban),
            change("/{id}/delete", summary: "Delete a user", handler: delete),
        ]
    }

    private func change(_ suffix: String, summary: String, handler: @escaping Route.Handler) -> Route {
        Route(
            .post, Self.path + suffix, access: .permission(.databaseWrite), operation: .form(summary), handler: handler)
    }

    /// `$1` is looked for in addresses, numbers and identifiers; `$2` rows are left out.
    private static let list = """
        select u.id::text as id, u.email, u.phone, u.created_at::text as created, u.last_sign_in_at::text as seen,
            (u.banned_until > now())::text as banned, (u.email_confirmed_at is not null
                or u.phone_confirmed_at is not null)::text as confirmed, u.is_anonymous::text as anonymous,
            (select count(*) from auth.sessions s where s.user_id = u.id)::text as sessions,
            (select string_agg(distinct i.provider, ', ') from auth.identities i where i.user_id = u.id) as providers
        from auth.users u where u.deleted_at is null and ($1::text = '' or u.id::text = lower($1::text)
            or strpos(lower(coalesce(u.email, '')), lower($1::text)) > 0 or strpos(coalesce(u.phone, ''), $1::text) > 0)
        order by u.created_at desc, u.id limit \(pageUsers + 1) offset $2::bigint
        """

    private func show(
        _ request: APIRequest, given: FormFields? = nil, problem: APIError? = nil
    ) async throws -> APIResponse {
        let search = String((request.query["search"] ?? "").prefix(Self.searchMax))
        let page = try request.query.number("page", in: 0...Self.pageMax, default: 0)
        let found = try await sql.read(
            Self.list, [.string(search), .string("\(page * Self.pageUsers)")], for: request)
        let users = found.rows.prefix(Self.pageUsers).map { row in
            Self.user(Dictionary(zip(found.columns, row)) { $1 })
        }
        var fields: [String: PageValue] = [
            "users": .list(users), "search": .visible(search), "is_filtered": .flag(!search.isEmpty),
            "problem": .visible(problem?.message), "email": .visible(given?["email"]),
            "sends_mail": .flag(try await sendsMail(request)), "has_problem": .flag(problem != nil),
        ]
        let searched = search.isEmpty ? [] : [("search", search)]
        if page > 0 { fields["previous"] = .text(Self.link(searched, page: page - 1)) }
        if found.rows.count > Self.pageUsers { fields["next"] = .text(Self.link(searched, page: page + 1)) }
        return try await frame.page(
            "users", in: .users, title: "Users", fields, for: request, status: problem?.status ?? .ok)
    }

    private static func link(_ parts: [(String, String)], page: Int) -> String {
        PagePath.query(parts + [("page", "\(page)")])
    }

    private static func user(_ row: [String: String?]) -> PageValue {
        func text(_ name: String) -> String? { row[name] ?? nil }
        return .object([
            "id": .visible(text("id")), "email": .visible(text("email")), "phone": .visible(text("phone")),
            "created": .visible(text("created").map(shortened)), "seen": .visible(text("seen").map(shortened)),
            "is_banned": .flag(text("banned") == "true"), "is_confirmed": .flag(text("confirmed") == "true"),
            "is_anonymous": .flag(text("anonymous") == "true"), "sessions": .visible(text("sessions")),
            "providers": .visible(text("providers")),
        ])
    }

    /// A time of PostgreSQL without fractions of a second.
    private static func shortened(_ time: String) -> String { String(time.prefix(19)) }

    /// Whether auth has a mail server, as far as the caller may know.
    private func sendsMail(_ request: APIRequest) async throws -> Bool {
        guard try frame.granted(request).contains(.authConfigRead) else { return false }
        let path = "/v1/projects/\(try request.ref())/config/auth"
        return try await frame.calls.json(.get, path, for: request)["smtp_host"]?.text?.isEmpty == false
    }

    // MARK: Changes

    private func create(_ request: APIRequest) async throws -> APIResponse {
        let form = try request.form()
        let body = JSON.object([
            "email": .string(form.trimmed("email")), "password": .string(form["password"] ?? ""),
            "email_confirm": .boolean(form["confirmed"] == "1"),
        ])
        return try await send(.post, "users", body: body, showing: form, for: request)
    }

    private func invite(_ request: APIRequest) async throws -> APIResponse {
        let form = try request.form()
        return try await send(
            .post, "invite", body: ["email": .string(form.trimmed("email"))], showing: form, for: request)
    }

    private func ban(_ request: APIRequest) async throws -> APIResponse {
        let form = try request.form()
        let duration = form["ban"] == "1" ? Self.banForever : "none"
        return try await send(
            .patch, "users/\(try request.uuid("id"))", body: ["ban_duration": .string(duration)], showing: form,
            for: request)
    }

    private func delete(_ request: APIRequest) async throws -> APIResponse {
        try await send(.delete, "users/\(try request.uuid("id"))", body: nil, showing: try request.form(), for: request)
    }

    /// Asks auth, and shows its refusal above the form.
    private func send(
        _ method: HTTPRequest.Method, _ path: String, body: JSON?, showing form: FormFields, for request: APIRequest
    ) async throws -> APIResponse {
        do {
            _ = try await frame.calls.send(
                method, "/platform/auth/\(try request.ref())/\(path)", body: body, for: request)
        } catch {
            return try await show(request, given: form, problem: try APIError.refusal(error))
        }
        return try frame.see("/users", of: request)
    }
}
