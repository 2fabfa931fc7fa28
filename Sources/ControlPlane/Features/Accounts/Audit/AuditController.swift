import APIKit
import HTTPTypes
import Identity
import Orchestrator
import ProjectModel

/// Audit trails: of an organization, and of an account for what belongs to none.
struct AuditController: Sendable {
    let ledger: any RequestLedger

    var routes: [Route] {
        [
            Route(
                .get, "/platform/organizations/{slug}/audit", access: .permission(.auditRead),
                operation: Operation(
                    summary: "The audit trail of an organization, newest first", query: Self.parameters,
                    answer: .of(AuditBody.self))
            ) { try await trail(.organization(try $0.slug()), $0) },
            Route(
                .get, "/platform/profile/audit", access: .wholeAccount,
                operation: Operation(
                    summary: "The audit trail of your account, newest first", query: Self.parameters,
                    answer: .of(AuditBody.self), refusals: [.scopedToken])
            ) { try await trail(.account(try $0.caller().account.id), $0) },
        ]
    }

    /// Entries of a page when the request does not say how many.
    private static let limitDefault = 100

    private static let parameters = [
        Operation.Parameter(name: "iso_timestamp_start", schema: .time, description: "Not before this time"),
        Operation.Parameter(name: "iso_timestamp_end", schema: .time, description: "Not after this time"),
        Operation.Parameter(
            name: "limit", schema: .integer(1...Int64(AuditQuery.limitMax)), description: "Entries of a page"),
        Operation.Parameter(
            name: "before", schema: .integer(1...Int64(Int.max)), description: "Only entries with a smaller number"),
        Operation.Parameter(
            name: "after", schema: .integer(0...Int64(Int.max)),
            description: "Only entries with a greater number, oldest first: for reading a whole trail"),
    ]

    private func trail(_ scope: AuditScope, _ request: APIRequest) async throws -> APIResponse {
        let before = try request.query.number("before", in: 1...Int.max, default: Int.max)
        let after = try request.query.number("after", in: 0...Int.max, default: -1)
        var query = AuditQuery(
            scope: scope, from: try request.query.time("iso_timestamp_start"),
            to: try request.query.time("iso_timestamp_end"), before: before == Int.max ? nil : Int64(before),
            limit: try request.query.number("limit", in: 1...AuditQuery.limitMax, default: Self.limitDefault))
        query.after = after < 0 ? nil : Int64(after)
        // The head first: entries that are added meanwhile come after it.
        let head = try await ledger.head(of: scope)
        let entries = try await ledger.trail(query)
        return try APIResponse(json: AuditBody(result: entries.map { AuditRow($0) }, head: head))
    }
}
