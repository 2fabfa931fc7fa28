import APIKit
import HTTPTypes
import Identity
import Orchestrator
import ProjectModel

/// Members of an organization and their roles. The directory decides which changes are allowed.
struct MembersController: Sendable {
    let directory: AccountDirectory

    private static let base = "/platform/organizations/{slug}"
    private static let one = "\(base)/members/{gotrue_id}"

    var routes: [Route] { reading + changing + enforcement }

    private var reading: [Route] {
        [
            Route(
                .get, "\(Self.base)/members", access: .permission(.membersRead),
                operation: Operation(summary: "Members of an organization", answer: .of([MemberRow].self))
            ) { request in
                let members = try await directory.members(of: try request.slug())
                return try APIResponse(json: members.map { MemberRow($0) })
            },
            Route(
                .get, "/v1/organizations/{slug}/members", access: .permission(.membersRead),
                operation: Operation(summary: "Members of an organization", answer: .of([V1Member].self))
            ) { request in
                let members = try await directory.members(of: try request.slug())
                return try APIResponse(json: members.map { V1Member($0) })
            },
            Route(
                .get, "\(Self.base)/roles", access: .permission(.membersRead),
                operation: Operation(summary: "Roles of an organization", answer: .of(RolesBody.self)), handler: roles),
            Route(
                .get, "\(Self.base)/members/reached-free-project-limit", access: .permission(.membersRead),
                operation: Operation(
                    summary: "Members who may have no more projects: none, as there is no such limit",
                    answer: .json(.array(.map(.anything))))
            ) { _ in try APIResponse(json: [String]()) },
        ]
    }

    private var changing: [Route] {
        [
            Route(
                .patch, Self.one, access: .permission(.membersWrite), effect: .change("member.role"),
                operation: Operation(
                    summary: "Give a member a role", body: .json(RoleBody.schema), answer: .empty(.ok)),
                handler: setRole
            ).takingAccess,
            Route(
                .delete, Self.one, access: .anyOf([.membersWrite, .membersRead]), effect: .change("member.remove"),
                operation: Operation(summary: "Remove a member, or leave", answer: .empty(.ok)), handler: remove
            ).checking(mayRemove).takingAccess,
            Route(
                .put, "\(Self.one)/roles/{role_id}", access: .permission(.membersWrite), effect: .change("member.role"),
                operation: Operation(
                    summary: "Limit a member's role to projects", body: .json(RoleBody.projectsSchema),
                    answer: .empty(.ok)), handler: limitRole
            ).takingAccess,
            Route(
                .delete, "\(Self.one)/roles/{role_id}", access: .permission(.membersWrite),
                effect: .change("member.role"),
                operation: Operation(summary: "Take a role from a member", answer: .empty(.ok)), handler: removeRole
            ).takingAccess,
        ]
    }

    private var enforcement: [Route] {
        let path = "\(Self.base)/members/mfa/enforcement"
        let shape = Schema.named("Enforcement", .fields(.init("enforced", .boolean)))
        return [
            Route(
                .get, path, access: .permission(.membersRead),
                operation: Operation(
                    summary: "Whether members need a second factor: never", answer: .json(shape, .created))
            ) { _ in try APIResponse(.created, json: ["enforced": false]) }.supported(as: .empty),
            Route(
                .patch, path, access: .permission(.organizationAdminWrite),
                operation: Operation(
                    summary: "Refused, unless it changes nothing", body: .json(shape),
                    answer: .json(shape, .created)), handler: enforce
            ).supported(as: .empty),
        ]
    }

    private func roles(_ request: APIRequest) async throws -> APIResponse {
        let slug = try request.slug()
        let roles = try await directory.roles(of: slug, visibleTo: try request.caller())
        return try APIResponse(
            json: RolesBody(
                organizationScoped: roles.organization.map { RoleRow($0) },
                projectScoped: roles.projectScoped.map { RoleRow($0) }))
    }

    private func setRole(_ request: APIRequest) async throws -> APIResponse {
        let body = try request.decode(RoleBody.self)
        return try await setRole(try body.role(), projects: try body.refs(), request)
    }

    private func limitRole(_ request: APIRequest) async throws -> APIResponse {
        let role = try request.number("role_id")
        let body = try request.decode(RoleBody.self)
        guard let projects = try body.refs() else {
            throw APIError(.badRequest, "role_scoped_projects must name at least one project")
        }
        return try await setRole(role, projects: projects, request)
    }

    private func setRole(_ role: Int64, projects: [ProjectRef]?, _ request: APIRequest) async throws -> APIResponse {
        try await noting(request) { account, slug in
            try await directory.setRole(
                of: account, in: slug, role: role, projects: projects, by: try request.caller())
        }
    }

    private func removeRole(_ request: APIRequest) async throws -> APIResponse {
        let role = try request.number("role_id")
        return try await noting(request) { account, slug in
            try await directory.removeRole(role, of: account, in: slug, by: try request.caller())
        }
    }

    /// Members may leave; others are removed by those who manage members.
    private func mayRemove(_ request: APIRequest) async throws {
        let caller = try request.caller()
        guard try request.uuid("gotrue_id") != caller.account.id else { return }
        try caller.require([.membersWrite], in: try request.slug())
    }

    private func remove(_ request: APIRequest) async throws -> APIResponse {
        let caller = try request.caller()
        return try await noting(request) { account, slug in
            try await directory.removeMember(account, from: slug, by: caller)
        }
    }

    /// Makes a change to a member, and notes the roles before and after.
    private func noting(
        _ request: APIRequest, _ change: (_ account: String, _ slug: String) async throws -> Void
    ) async throws -> APIResponse {
        let account = try request.uuid("gotrue_id")
        let slug = try request.slug()
        let before = try await roles(of: account, in: slug)
        try await change(account, slug)
        request.audit.target("account", account)
        request.audit.change("roles", from: before, to: try await roles(of: account, in: slug))
        return APIResponse(.ok)
    }

    /// A member's roles as text; nil for non-members.
    private func roles(of account: String, in slug: String) async throws -> String? {
        try await directory.members(of: slug).first { $0.account.id == account }.map { member in
            member.roles.map(\.words).sorted().joined(separator: ", ")
        }
    }

    private func enforce(_ request: APIRequest) async throws -> APIResponse {
        guard try request.decode([String: Bool].self)["enforced"] == false else {
            throw APIError(
                .forbidden,
                "second factors are not offered by this installation: put a proxy that asks for one in front of it")
        }
        return try APIResponse(.created, json: ["enforced": false])
    }
}

extension Role {
    /// The role in the audit trail.
    fileprivate var words: String {
        projects.isEmpty ? base.name : "\(base.name) of \(projects.map(\.text).sorted().joined(separator: " "))"
    }
}
