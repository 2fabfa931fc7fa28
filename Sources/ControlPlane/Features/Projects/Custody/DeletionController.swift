import APIKit
import FeatureKit
import HTTPTypes
import Identity
import Orchestrator
import ProjectModel
import Reconciler

/// `/platform/projects/{ref}/deletion-receipt`: what a deletion destroyed and kept.
struct DeletionController: Sendable {
    let catalog: ProjectCatalog

    var routes: [Route] {
        [
            Route(
                .get, "/platform/projects/{ref}/deletion-receipt", access: .permission(.projectAdminRead),
                operation: Operation(
                    summary: "What a deletion destroyed, what it kept, and what remains and why",
                    answer: .of(DeletionReceiptBody.self),
                    refusals: [
                        Operation.Refusal(
                            status: .notFound, meaning: "no deletion was asked for, or its receipt is no longer kept"
                        )
                    ]), handler: read
            ).reachingDeleted
        ]
    }

    private func read(_ request: APIRequest) async throws -> APIResponse {
        let record = try request.project()
        guard let receipt = try await catalog.deletionReceipt(of: record.ref) else {
            throw APIError(.notFound, Self.noReceipt(record))
        }
        return try APIResponse(json: DeletionReceiptBody(receipt, of: record))
    }

    private static func noReceipt(_ record: ProjectRecord) -> String {
        guard record.status == .deleted else {
            return "there is no receipt: the deletion of project \(record.ref) was not requested"
        }
        let days = CustodyLimits.receiptsKept.components.seconds / 86_400
        return "the receipt of project \(record.ref) is no longer kept: receipts are removed \(days) days after a "
            + "deletion that has destroyed everything"
    }
}

extension APIKit.Operation {
    /// A deletion, on both APIs.
    static let deletion = Operation(
        summary: "Delete a project with its volumes",
        query: [
            Parameter(
                name: "keep_volumes", schema: .boolean,
                description: "Keep its volumes, which can be attached to a new project or destroyed later; without it "
                    + "they are destroyed")
        ],
        answer: .of(DeletedProject.self),
        refusals: [
            Refusal(
                status: .conflict,
                meaning: "the project cannot be deleted now, or is being deleted with another fate of its volumes")
        ])
}

extension ProjectCatalog {
    /// Asks for the deletion of the project that the path names. Volumes are removed with it, as Studio's clients
    /// expect, unless the query says otherwise.
    func acceptDeletion(_ request: APIRequest) async throws -> APIResponse {
        let before = try request.project()
        let isKeeping = try request.query.flag("keep_volumes", default: false)
        let record = try await delete(
            before.ref, keepingVolumes: isKeeping, by: try request.caller().account.email)
        request.audit.change("status", from: before.status.rawValue, to: record.status.rawValue)
        request.audit.change("volumes", from: nil, to: isKeeping ? "kept" : "destroyed")
        return try await APIResponse(json: DeletedProject(record, keepsVolumes: isKeeping))
            .naming(operationOf: record.ref, in: self)
    }
}

struct DeletionReceiptBody: Encodable, Sendable, Documented {
    let ref: String
    let name: String
    let status: String
    let destroysVolumes: Bool
    let requestedAt: String
    let endedAt: Nullable<String>
    let destroyed: [Item]
    let kept: [Item]
    let remaining: [Item]

    /// One object of the engine.
    struct Item: Encodable, Sendable {
        let kind: String
        let id: String
        let name: String
        let at: String
        let reason: Nullable<String>

        static let schema = Schema.named(
            "DeletedObject",
            .fields(
                .init("kind", .choice(EngineObjectKind.allCases.map(\.rawValue))), .init("id", .text),
                .init("name", .text), .init("at", .time), .init("reason", .nullable(.text))))

        init(_ item: DeletionReceipt.Item) {
            kind = item.key.kind.rawValue
            id = item.key.id
            name = item.name
            at = item.at.rfc3339
            reason = Nullable(item.reason ?? (item.state == .pending ? "it is about to be removed" : nil))
        }
    }

    static let schema = Schema.named(
        "DeletionReceipt",
        .fields(
            .init("ref", .ref), .init("name", .text), .init("status", .projectStatus),
            .init("destroys_volumes", .boolean), .init("requested_at", .time), .init("ended_at", .nullable(.time)),
            .init("destroyed", .array(Item.schema)), .init("kept", .array(Item.schema)),
            .init("remaining", .array(Item.schema))))

    init(_ receipt: DeletionReceipt, of record: ProjectRecord) {
        func items(_ states: DeletionReceipt.State...) -> [Item] {
            receipt.items.filter { states.contains($0.state) }.map { Item($0) }
        }
        ref = receipt.ref.text
        name = record.name.text
        status = record.status.studioStatus.rawValue
        destroysVolumes = receipt.destroysVolumes
        requestedAt = receipt.requestedAt.rfc3339
        endedAt = Nullable(receipt.endedAt?.rfc3339)
        destroyed = items(.destroyed)
        kept = items(.kept)
        remaining = items(.pending, .remaining)
    }

    enum CodingKeys: String, CodingKey {
        case ref, name, status, destroyed, kept, remaining
        case destroysVolumes = "destroys_volumes"
        case requestedAt = "requested_at"
        case endedAt = "ended_at"
    }
}
