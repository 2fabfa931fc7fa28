import APIKit
import HTTPTypes
import Identity
import Orchestrator
import ProjectModel

/// Organizations: list, create, read, change, delete, on both APIs.
struct OrganizationsController: Sendable {
    let directory: AccountDirectory

    var routes: [Route] { platform + v1 }

    private var platform: [Route] {
        let all = "/platform/organizations"
        let list = Route(
            .get, all, access: .permission(.organizationsRead),
            operation: Operation(summary: "Your organizations", answer: .of([OrganizationRow].self)), handler: list)
        return [
            list, list.alias("/organizations"),
            Route(
                .post, all, access: .permission(.organizationsCreate), effect: .change("organization.create"),
                operation: Operation(
                    summary: "Create an organization and become its owner",
                    body: .json(CreateOrganizationBody.schema), answer: .of(OrganizationRow.self, .created)),
                handler: create),
            Route(
                .get, "\(all)/{slug}", access: .permission(.organizationsRead),
                operation: Operation(summary: "One organization", answer: .of(OrganizationRow.self)), handler: read),
            Route(
                .patch, "\(all)/{slug}", access: .permission(.organizationAdminWrite),
                effect: .change("organization.update"),
                operation: Operation(
                    summary: "Change an organization", body: .json(OrganizationUpdateBody.schema),
                    answer: .of(ChangedOrganization.self)), handler: update),
            Route(
                .delete, "\(all)/{slug}", access: .permission(.organizationAdminWrite),
                effect: .change("organization.delete"),
                operation: Operation(summary: "Delete an organization without projects", answer: .empty(.ok)),
                handler: delete),
        ]
    }

    private var v1: [Route] {
        let all = "/v1/organizations"
        return [
            Route(
                .get, all, access: .permission(.organizationsRead),
                operation: Operation(summary: "Your organizations", answer: .of([V1Organization].self))
            ) { request in
                let organizations = try await directory.organizations(of: try request.caller())
                return try APIResponse(json: organizations.map { V1Organization($0) })
            },
            Route(
                .post, all, access: .permission(.organizationsCreate), effect: .change("organization.create"),
                operation: Operation(
                    summary: "Create an organization and become its owner",
                    body: .json(CreateOrganizationBody.schema), answer: .of(V1Organization.self, .created))
            ) { try APIResponse(.created, json: V1Organization(try await made($0))) },
            Route(
                .get, "\(all)/{slug}", access: .permission(.organizationAdminRead),
                operation: Operation(summary: "One organization", answer: .of(V1OrganizationDetail.self))
            ) { try APIResponse(json: V1OrganizationDetail(try await directory.organization(try $0.slug()))) },
        ]
    }

    private func list(_ request: APIRequest) async throws -> APIResponse {
        let caller = try request.caller()
        let organizations = try await directory.organizations(of: caller)
        return try APIResponse(json: organizations.map { OrganizationRow($0, for: caller) })
    }

    private func create(_ request: APIRequest) async throws -> APIResponse {
        try APIResponse(.created, json: OrganizationRow(try await made(request), isOwner: true))
    }

    /// The organization that the body asks for, made and noted.
    private func made(_ request: APIRequest) async throws -> Organization {
        let name = try request.decode(CreateOrganizationBody.self).checkedName()
        let account = try request.caller().account.id
        let organization = try await directory.createOrganization(name: name, by: account)
        request.audit.scope(organization: organization.slug)
        request.audit.target("organization", organization.slug)
        request.audit.change("name", from: nil, to: organization.name)
        return organization
    }

    private func read(_ request: APIRequest) async throws -> APIResponse {
        let organization = try await directory.organization(try request.slug())
        return try APIResponse(json: OrganizationRow(organization, for: try request.caller()))
    }

    private func update(_ request: APIRequest) async throws -> APIResponse {
        let slug = try request.slug()
        let body = try request.decode(OrganizationUpdateBody.self)
        try body.check()
        let before = try await directory.organization(slug)
        let after = try await directory.updateOrganization(
            slug, name: body.name, billingEmail: body.billingEmail,
            additionalBillingEmails: body.additionalBillingEmails, optInTags: body.optInTags)
        request.audit.note(before, after)
        return try APIResponse(json: ChangedOrganization(after))
    }

    private func delete(_ request: APIRequest) async throws -> APIResponse {
        let slug = try request.slug()
        let organization = try await directory.organization(slug)
        try await directory.deleteOrganization(slug)
        request.audit.change("name", from: organization.name, to: nil)
        return APIResponse(.ok)
    }
}

extension AuditNotes {
    /// Notes the changes of an organization.
    fileprivate func note(_ before: Organization, _ after: Organization) {
        let fields: [(String, String?, String?)] = [
            ("name", before.name, after.name), ("billing_email", before.billingEmail, after.billingEmail),
            (
                "additional_billing_emails", before.additionalBillingEmails.joined(separator: " "),
                after.additionalBillingEmails.joined(separator: " ")
            ),
            ("opt_in_tags", before.optInTags.joined(separator: " "), after.optInTags.joined(separator: " ")),
        ]
        for (name, old, new) in fields where old != new { change(name, from: old, to: new) }
    }
}
