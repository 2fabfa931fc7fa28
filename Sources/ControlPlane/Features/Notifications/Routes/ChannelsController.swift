package import APIKit
import FeatureKit
import HTTPTypes
import Identity
package import NotificationModel
import Orchestrator
import ProjectModel

/// `/platform/organizations/{slug}/notifications`: channels of an organization, and the log of what was sent. Targets and
/// secrets go in and never come out.
struct ChannelsController: Sendable {
    let channels: ChannelCatalog

    private static let base = "/platform/organizations/{slug}/notifications"
    private static let one = "\(base)/channels/{id}"
    private static let none = Operation.Refusal(status: .notFound, meaning: "the organization has no such channel")

    var routes: [Route] { reading + changing + deliveries }

    private var reading: [Route] {
        [
            Route(
                .get, "\(Self.base)/channels", access: .permission(.organizationAdminRead),
                operation: Operation(
                    summary: "Channels on which an organization hears about its projects",
                    answer: .of([ChannelBody].self))
            ) { request in
                try APIResponse(json: try await channels.channels(of: try request.slug()).map { ChannelBody($0) })
            },
            Route(
                .get, Self.one, access: .permission(.organizationAdminRead),
                operation: Operation(
                    summary: "A channel; never its address or secrets", answer: .of(ChannelBody.self),
                    refusals: [Self.none])
            ) { request in
                let channel = try await channels.channel(try request.uuid("id"), of: try request.slug())
                return try APIResponse(json: ChannelBody(channel))
            },
        ]
    }

    private var changing: [Route] {
        [
            Route(
                .post, "\(Self.base)/channels", access: .permission(.projectAdminWrite),
                effect: .change("notification.channel.create"),
                operation: Operation(
                    summary: "Add a channel; a webhook's secret is shown once where none was given",
                    body: .json(ChannelRequest.schema), answer: .of(ChannelBody.self, .created),
                    refusals: [
                        Operation.Refusal(
                            status: .conflict, meaning: "the organization has as many channels as it can have")
                    ]), handler: create
            ).showing(.fields(["secret"])),
            Route(
                .patch, Self.one, access: .permission(.projectAdminWrite),
                effect: .change("notification.channel.update"),
                operation: Operation(
                    summary: "Change a channel; what is left out stays, and a new secret of a webhook is valid beside "
                        + "the one before it", body: .json(ChannelRequest.schema), answer: .of(ChannelBody.self),
                    refusals: [Self.none]), handler: update
            ).showing(.fields(["secret"])),
            Route(
                .delete, Self.one, access: .permission(.projectAdminWrite),
                effect: .change("notification.channel.delete"),
                operation: Operation(
                    summary: "Remove a channel with its log", answer: .of(ChannelBody.self), refusals: [Self.none]),
                handler: delete),
            Route(
                .post, "\(Self.one)/test", access: .permission(.projectAdminWrite),
                effect: .change("notification.channel.test"),
                operation: Operation(
                    summary: "Send a trial message; its delivery tells how it went",
                    body: .optionalJSON(.object([])), answer: .of(DeliveryBody.self, .accepted),
                    refusals: [
                        Self.none,
                        Operation.Refusal(
                            status: .conflict, meaning: "the channel is switched off, or a trial waits there"),
                    ]), handler: test),
        ]
    }

    private var deliveries: [Route] {
        [
            Route(
                .get, "\(Self.base)/deliveries", access: .permission(.organizationAdminRead),
                operation: Operation(
                    summary:
                        "What was sent to an organization's channels, or waits, the latest first; sign-ins only for those "
                        + "who may read the audit trail",
                    query: Self.parameters, answer: .of([DeliveryBody].self)), handler: list),
            Route(
                .post, "\(Self.base)/deliveries/{id}/replay", access: .permission(.projectAdminWrite),
                effect: .change("notification.delivery.replay"),
                operation: Operation(
                    summary: "Send a message again that was given up, or delivered; it keeps its message id",
                    body: .optionalJSON(.object([])), answer: .of(DeliveryBody.self, .accepted),
                    refusals: [
                        Operation.Refusal(
                            status: .notFound, meaning: "the organization has no such delivery, or it waits already")
                    ]), handler: replay),
        ]
    }

    private static let parameters = [
        Operation.Parameter(name: "channel", schema: .uuid, description: "Only of this channel"),
        Operation.Parameter(
            name: "state", schema: .choice(DeliveryState.allCases.map(\.rawValue)), description: "Only in this state"),
        Operation.Parameter(
            name: "limit", schema: .integer(1...Int64(DeliveryLimits.listedMax)), description: "Entries of a page"),
        Operation.Parameter(
            name: "before", schema: .integer(1...Int64(Int.max)), description: "Only entries with a smaller number"),
    ]

    // MARK: - Handlers

    private func create(_ request: APIRequest) async throws -> APIResponse {
        let body = try request.decode(ChannelRequest.self)
        guard body.name != nil else { throw APIError(.badRequest, "a channel needs a name") }
        let (target, shown) = try body.target()
        let channel = try await channels.create(
            try body.draft(from: nil), to: target, in: try request.slug())
        note(channel, before: nil, in: request.audit)
        if shown != nil { request.audit.show(["secret"]) }
        return try APIResponse(.created, json: ChannelBody(channel, secret: shown))
    }

    private func update(_ request: APIRequest) async throws -> APIResponse {
        let body = try request.decode(ChannelRequest.self)
        let (id, slug) = (try request.uuid("id"), try request.slug())
        let present = try await channels.channel(id, of: slug)
        if let kind = body.kind, kind != present.kind.rawValue {
            throw APIError(.badRequest, "the kind of a channel does not change: add another channel")
        }
        let new = body.changesTarget ? body.changed(try channels.target(of: present)) : nil
        let (before, after) = try await channels.update(id, of: slug, try body.draft(from: present), to: new?.target)
        note(after, before: before, in: request.audit)
        if new != nil { request.audit.change("target", from: before.targetShown, to: after.targetShown) }
        if new?.shown != nil { request.audit.show(["secret"]) }
        return try APIResponse(json: ChannelBody(after, secret: new?.shown))
    }

    private func delete(_ request: APIRequest) async throws -> APIResponse {
        let gone = try await channels.delete(try request.uuid("id"), of: try request.slug())
        request.audit.target("channel", gone.id)
        request.audit.change("name", from: gone.name, to: nil)
        return try APIResponse(json: ChannelBody(gone))
    }

    private func test(_ request: APIRequest) async throws -> APIResponse {
        let id = try request.uuid("id")
        let delivery = try await channels.test(id, of: try request.slug())
        request.audit.target("channel", id)
        return try APIResponse(.accepted, json: DeliveryBody(delivery))
    }

    private func list(_ request: APIRequest) async throws -> APIResponse {
        let before = try request.query.number("before", in: 1...Int.max, default: Int.max)
        let query = DeliveryQuery(
            channel: request.query["channel"].map { $0.lowercased() },
            state: try request.query["state"].map { word throws(APIError) in try Self.state(word) },
            before: before == Int.max ? nil : Int64(before),
            limit: try request.query.number(
                "limit", in: 1...DeliveryLimits.listedMax, default: DeliveryLimits.listedMax),
            showsSignIns: try Self.showsSignIns(to: request))
        return try APIResponse(
            json: try await channels.deliveries(of: try request.slug(), query).map { DeliveryBody($0) })
    }

    private static func state(_ word: String) throws(APIError) -> DeliveryState {
        guard let state = DeliveryState(rawValue: word) else {
            throw APIError(.badRequest, "state must be waiting, delivered or dead")
        }
        return state
    }

    /// Who signs in, and from where, is for those who may read the audit trail.
    private static func showsSignIns(to request: APIRequest) throws -> Bool {
        try request.caller().permissions(in: try request.slug()).contains(.auditRead)
    }

    private func replay(_ request: APIRequest) async throws -> APIResponse {
        let delivery = try await channels.replay(
            try request.number("id"), of: try request.slug(), showsSignIns: try Self.showsSignIns(to: request))
        request.audit.target("delivery", "\(delivery.id)")
        return try APIResponse(.accepted, json: DeliveryBody(delivery))
    }

    private func note(_ after: NotificationChannel, before: NotificationChannel?, in audit: AuditNotes) {
        audit.target("channel", after.id)
        audit.change("name", from: before?.name, to: after.name)
        audit.change("enabled", from: before.map { "\($0.isEnabled)" }, to: "\(after.isEnabled)")
        if before == nil { audit.change("target", from: nil, to: after.targetShown) }
    }
}

extension ChannelRefusal: Refusable {
    package var refusal: APIError {
        switch self {
        case .invalid: APIError(.badRequest, "\(self)")
        case .noChannel, .noDelivery: APIError(.notFound, "\(self)")
        case .tooMany, .isOff, .trialWaits: APIError(.conflict, "\(self)")
        case .unreadable: APIError(.internalServerError, "\(self)")
        case .store(let error): APIError(anything: error)
        }
    }
}
