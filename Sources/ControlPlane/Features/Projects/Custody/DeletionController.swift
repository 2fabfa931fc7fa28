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

extension Operation {
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

struct DeletionReceiptBody: EncodableBody {
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
    struct Item: EncodableBody {
        let item: DeletionReceipt.Item

        init(_ item: DeletionReceipt.Item) { self.item = item }

        static let shape = BodyShape<Self>(
            "DeletedObject",
            [
                .init("kind", .choice(EngineObjectKind.allCases.map(\.rawValue)), of: \.item.key.kind.rawValue),
                .init("id", of: \.item.key.id),
                .init("name", of: \.item.name),
                .init("at", .time, of: \.item.at.rfc3339),
                .nullable("reason") {
                    $0.item.reason ?? ($0.item.state == .pending ? "it is about to be removed" : nil)
                },
            ])
    }

    static let shape = BodyShape<Self>(
        "DeletionReceipt",
        [
            .init("ref", .ref, of: \.ref),
            .init("name", of: \.name),
            .init("status", .projectStatus, of: \.status),
            .init("destroys_volumes", of: \.destroysVolumes),
            .init("requested_at", .time, of: \.requestedAt),
            .init("ended_at", .time, of: \.endedAt),
            .init("destroyed", of: \.destroyed),
            .init("kept", of: \.kept),
            .init("remaining", of: \.remaining),
        ])

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
}
