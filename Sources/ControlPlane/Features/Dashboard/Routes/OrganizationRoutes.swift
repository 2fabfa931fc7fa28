import APIKit
import FeatureKit
import HTTPTypes
import Identity

/// An organization: its members and their roles, its invitations, and what was done in it.
struct OrganizationRoutes: Sendable {
    let pages: Pages
    let calls: InternalCalls

    /// Entries of the audit trail that a page shows.
    private static let entriesShown = 50
    static let path = "\(Pages.home)/organizations/{slug}"

    var routes: [Route] {
        [
            Route(.get, Self.path, access: .permission(.membersRead), operation: .page("An organization")) {
                try await show($0)
            },
            Route(
                .post, "\(Self.path)/invitations", access: .permission(.membersWrite),
                operation: .form("Invite a member"), handler: invite),
            change("/invitations/{id}/withdraw", .membersWrite, summary: "Withdraw an invitation") { request in
                (.delete, "members/invitations/\(try request.number("id"))", nil)
            },
            change("/members/{id}/role", .membersWrite, summary: "Give a member a role") { request in
                let role = Int64(try request.form()["role"] ?? "") ?? 0
                return (.patch, "members/\(try request.uuid("id"))", ["role_id": .integer(role)])
            },
            change("/members/{id}/remove", .membersRead, summary: "Remove a member, or leave") { request in
                (.delete, "members/\(try request.uuid("id"))", nil)
            },
        ] + joining
    }

    /// A call of the API below the organization's path.
    private typealias Call = (HTTPRequest.Method, String, JSON?)

    private func change(
        _ suffix: String, _ permission: Permission, summary: String,
        call: @escaping @Sendable (APIRequest) throws -> Call
    ) -> Route {
        Route(.post, Self.path + suffix, access: .permission(permission), operation: .form(summary)) { request in
            let slug = try request.slug()
            let (method, path, body) = try call(request)
            do {
                _ = try await calls.send(method, "/platform/organizations/\(slug)/\(path)", body: body, for: request)
            } catch { return try await show(request, problem: try APIError.refusal(error)) }
            return pages.see("\(Pages.home)/organizations/\(slug)")
        }
    }

    private func show(
        _ request: APIRequest, invitation: PageValue = .none, problem: APIError? = nil
    ) async throws -> APIResponse {
        let slug = try request.slug()
        let base = "/platform/organizations/\(slug)"
        let granted = try request.caller().permissions(in: slug)
        let roles = try await calls.json(.get, "\(base)/roles", for: request)
        let members = try await calls.json(.get, "\(base)/members", for: request)
        let waiting = try await calls.json(.get, "\(base)/members/invitations", for: request)
        let own = try request.caller().account.id
        var fields: [String: PageValue] = [
            "slug": .visible(slug), "problem": .visible(problem?.message), "new_invitation": invitation,
            "can_write": .flag(granted.contains(.membersWrite)),
            "members": .list((members.elements ?? []).map { Self.member($0, roles: roles, own: own) }),
            "roles": Self.choices(roles, chosen: nil),
            "invitations": .list(
                (waiting["invitations"]?.elements ?? []).map { invitation in
                    PageValue(invitation).adding(["role": .visible(Self.name(of: invitation["role_id"], in: roles))])
                }),
        ]
        if granted.contains(.auditRead) {
            let trail = try await calls.json(.get, "\(base)/audit?limit=\(Self.entriesShown)", for: request)
            fields["has_audit"] = true
            fields["audit"] = PageValue(trail["result"])
            fields["head"] = PageValue(trail["head"]).adding([
                "is_valid": .flag(trail["head"]?["signature"]?.text == "valid"),
                "is_invalid": .flag(trail["head"]?["signature"]?.text == "invalid"),
            ])
        }
        return try pages.page(
            "organization", title: "Organization", fields, for: request, status: problem?.status ?? .ok)
    }

    private static func organizationRoles(_ roles: JSON) -> [JSON] { roles["org_scoped_roles"]?.elements ?? [] }

    private static func name(of number: JSON?, in roles: JSON) -> String? {
        let all = organizationRoles(roles) + (roles["project_scoped_roles"]?.elements ?? [])
        return all.first { $0["id"] == number }?["name"]?.text
    }

    private static func choices(_ roles: JSON, chosen: [JSON]?) -> PageValue {
        .list(
            organizationRoles(roles).map { role in
                PageValue(role).adding([
                    // What a new member gets unless another role is chosen.
                    "is_least": .flag(role == organizationRoles(roles).last),
                    "is_chosen": .flag(role["id"].map { chosen?.contains($0) ?? false } ?? false),
                ])
            })
    }

    private static func member(_ member: JSON, roles: JSON, own: String) -> PageValue {
        let held = member["role_ids"]?.elements ?? []
        return PageValue(member).adding([
            "role_names": .visible(held.compactMap { name(of: $0, in: roles) }.joined(separator: ", ")),
            "choices": choices(roles, chosen: held), "is_own": .flag(member["gotrue_id"]?.text == own),
        ])
    }

    // MARK: Invitations

    /// The link of a new invitation is shown once: no mail is sent, so the inviter passes it on.
    private func invite(_ request: APIRequest) async throws -> APIResponse {
        let form = try request.form()
        let slug = try request.slug()
        let body: JSON = [
            "email": .string(form.trimmed("email")), "role_id": .integer(Int64(form["role"] ?? "") ?? 0),
        ]
        do {
            let created = try await calls.json(
                .post, "/platform/organizations/\(slug)/members/invitations", body: body, for: request)
            let link = "\(Pages.home)/organizations/\(slug)/join/\(created["token"]?.text ?? "")"
            return try await show(
                request, invitation: .object(["email": .visible(form.trimmed("email")), "link": .visible(link)]))
        } catch { return try await show(request, problem: try APIError.refusal(error)) }
    }

    /// The holder of a token is not a member yet.
    private var joining: [Route] {
        [
            Route(
                .get, "\(Self.path)/join/{token}", access: .signedIn, operation: .page("An invitation"),
                handler: invitation),
            Route(
                .post, "\(Self.path)/join/{token}", access: .session, operation: .form("Accept an invitation")
            ) { request in
                let path = try invitationPath(request)
                _ = try await calls.send(.post, path, for: request)
                return pages.see("\(Pages.home)/organizations/\(try request.slug())")
            },
        ]
    }

    private func invitationPath(_ request: APIRequest) throws -> String {
        let token = try request.parameter("token")
        guard token.utf8.allSatisfy({ $0.isPlain }) else {
            throw APIError(.notFound, "there is no such invitation, or no longer: ask for a new one")
        }
        return "/platform/organizations/\(try request.slug())/members/invitations/\(token)"
    }

    private func invitation(_ request: APIRequest) async throws -> APIResponse {
        let status = try await calls.json(.get, try invitationPath(request), for: request)
        guard status["token_does_not_exist"] == false else {
            throw APIError(.notFound, "there is no such invitation, or no longer: ask for a new one")
        }
        return try pages.page(
            "invitation", title: "Invitation",
            [
                "invitation": PageValue(status), "slug": .visible(try request.slug()),
                "token": .visible(try request.parameter("token")),
                "can_accept": .flag(status["email_match"] == true && status["expired_token"] == false),
            ], for: request)
    }
}

extension UInt8 {
    /// Whether it is a letter, a digit, or one of `-_`.
    fileprivate var isPlain: Bool {
        (0x30...0x39).contains(self) || (0x41...0x5A).contains(self) || (0x61...0x7A).contains(self)
            || self == UInt8(ascii: "-") || self == UInt8(ascii: "_")
    }
}
