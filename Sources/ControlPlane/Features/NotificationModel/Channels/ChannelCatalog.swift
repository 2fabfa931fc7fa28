public import Orchestrator
import ProjectModel

/// Seals the targets of channels. What was sealed for one channel does not open for another.
public struct ChannelSeal: Sendable {
    public typealias Work = @Sendable (_ bytes: [UInt8], _ channel: String) throws(KeyError) -> [UInt8]

    let seal: Work
    let open: Work

    public init(seal: @escaping Work, open: @escaping Work) {
        self.seal = seal
        self.open = open
    }

    func target(of channel: NotificationChannel) throws(ChannelRefusal) -> ChannelTarget {
        let bytes: [UInt8]
        do { bytes = try open(channel.sealedTarget, channel.id) } catch { throw .unreadable }
        return try ChannelTarget(bytes, kind: channel.kind)
    }
}

/// What is asked for of channels.
public struct ChannelCatalog: Sendable {
    private let store: any ChannelStore
    private let seal: ChannelSeal
    private let draw: @Sendable () -> String
    private let time: any TimeSource

    /// - Parameter draw: Makes identifiers: UUIDs in lower case.
    public init(
        store: any ChannelStore, seal: ChannelSeal, draw: @escaping @Sendable () -> String,
        time: any TimeSource = SystemTime()
    ) {
        self.store = store
        self.seal = seal
        self.draw = draw
        self.time = time
    }

    public func channels(of organization: String) async throws(ChannelRefusal) -> [NotificationChannel] {
        try await storing { () async throws(StoreError) in try await store.channels(of: organization) }
    }

    public func channel(_ id: String, of organization: String) async throws(ChannelRefusal) -> NotificationChannel {
        let found = try await storing { () async throws(StoreError) in try await store.channel(id, of: organization) }
        guard let found else { throw .noChannel }
        return found
    }

    public func create(
        _ draft: ChannelDraft, to target: ChannelTarget, in organization: String
    ) async throws(ChannelRefusal) -> NotificationChannel {
        let now = time.now()
        let id = draw()
        var channel = NotificationChannel(
            id: id, organizationSlug: organization, name: "", kind: target.kind,
            sealedTarget: try sealed(target, for: id), targetShown: target.shown, createdAt: now, updatedAt: now)
        try draft.apply(to: &channel)
        let new = channel
        let isStored = try await storing { () async throws(StoreError) in
            try await store.insert(new, limit: NotificationChannel.countMax)
        }
        guard isStored else { throw .tooMany }
        return channel
    }

    /// Changes what is given. Another target has the kind of the one before.
    public func update(
        _ id: String, of organization: String, _ draft: ChannelDraft, to target: ChannelTarget?
    ) async throws(ChannelRefusal) -> (before: NotificationChannel, after: NotificationChannel) {
        let before = try await channel(id, of: organization)
        var channel = before
        channel.updatedAt = time.now()
        try draft.apply(to: &channel)
        if let target {
            guard target.kind == channel.kind else { throw .invalid("the kind of a channel does not change") }
            channel.sealedTarget = try sealed(target, for: id)
            channel.targetShown = target.shown
        }
        let new = channel
        let isStored = try await storing { () async throws(StoreError) in try await store.update(new) }
        guard isStored else { throw .noChannel }
        return (before, channel)
    }

    /// What a channel's target is at present, for a change of a part of it.
    public func target(of channel: NotificationChannel) throws(ChannelRefusal) -> ChannelTarget {
        try seal.target(of: channel)
    }

    public func delete(_ id: String, of organization: String) async throws(ChannelRefusal) -> NotificationChannel {
        let gone = try await storing { () async throws(StoreError) in
            try await store.deleteChannel(id, of: organization)
        }
        guard let gone else { throw .noChannel }
        return gone
    }

    /// Has a trial message sent, by the way of every other; its delivery tells how it went.
    public func test(_ id: String, of organization: String) async throws(ChannelRefusal) -> AlertDelivery {
        let channel = try await channel(id, of: organization)
        guard channel.isEnabled else { throw .isOff }
        let subject = AlertSubject(organizationSlug: organization, name: channel.name)
        let alert = Alert(
            key: "\(AlertRule.test.rawValue)/\(draw())", rule: .test, phase: .notice, subject: subject,
            title: AlertRule.test.title(of: subject),
            text: "Messages about projects of the organization \(organization) arrive here.", at: time.now())
        let delivery = try await storing { () async throws(StoreError) in
            try await store.enqueue(alert, on: channel)
        }
        guard let delivery else { throw .trialWaits }
        return delivery
    }

    public func deliveries(
        of organization: String, _ query: DeliveryQuery = DeliveryQuery()
    ) async throws(ChannelRefusal) -> [AlertDelivery] {
        try await storing { () async throws(StoreError) in try await store.deliveries(of: organization, query) }
    }

    /// Has a delivery made again.
    ///
    /// - Parameter showsSignIns: Whether the caller may see those about sign-ins; otherwise there are none.
    public func replay(
        _ id: Int64, of organization: String, showsSignIns: Bool
    ) async throws(ChannelRefusal) -> AlertDelivery {
        let now = time.now()
        if !showsSignIns {
            let (next, isOver) = id.addingReportingOverflow(1)
            let query = DeliveryQuery(before: isOver ? nil : next, limit: 1, showsSignIns: false)
            guard try await deliveries(of: organization, query).first?.id == id else { throw .noDelivery }
        }
        let found = try await storing { () async throws(StoreError) in
            try await store.replay(id, of: organization, at: now)
        }
        guard let found else { throw .noDelivery }
        return found
    }

    private func sealed(_ target: ChannelTarget, for id: String) throws(ChannelRefusal) -> [UInt8] {
        if let refusal = target.refusal { throw .invalid(refusal) }
        do { return try seal.seal(try target.encoded(), id) } catch { throw .unreadable }
    }

    private func storing<Value>(
        _ body: () async throws(StoreError) -> Value
    ) async throws(ChannelRefusal) -> Value {
        do { return try await body() } catch { throw .store(error) }
    }
}

/// What users decide about a channel besides its target; nil leaves it as it is.
public struct ChannelDraft: Sendable, Equatable {
    public var name: String?
    public var isEnabled: Bool?
    public var filter: ChannelFilter?
    /// The outer nil leaves the quiet time, the inner one ends it.
    public var quietTime: QuietTime??
    public var grouping: Duration?

    public init() {}

    func apply(to channel: inout NotificationChannel) throws(ChannelRefusal) {
        channel.name = name ?? channel.name
        channel.isEnabled = isEnabled ?? channel.isEnabled
        channel.filter = filter ?? channel.filter
        channel.quietTime = quietTime ?? channel.quietTime
        channel.grouping = grouping ?? channel.grouping
        let scalars = channel.name.unicodeScalars
        guard (1...NotificationChannel.nameLengthMax).contains(scalars.count),
            scalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F })
        else {
            throw .invalid(
                "name must have 1 to \(NotificationChannel.nameLengthMax) characters, none of them a control")
        }
        guard channel.grouping >= .zero, channel.grouping <= NotificationChannel.groupingMax else {
            throw .invalid(
                "grouping_seconds must be from 0 to \(NotificationChannel.groupingMax.components.seconds)")
        }
        guard (channel.filter.refs?.count ?? 0) <= NotificationChannel.projectsMax else {
            throw .invalid("a channel can be narrowed to \(NotificationChannel.projectsMax) projects at most")
        }
    }
}

/// Why a channel is not stored, found or used. It holds no secret.
public enum ChannelRefusal: Error, Sendable, Equatable, CustomStringConvertible {
    case invalid(String)
    case noChannel
    case noDelivery
    case tooMany
    case isOff
    case trialWaits
    /// The stored target was sealed for something else, or with another master key.
    case unreadable
    case store(StoreError)

    public var description: String {
        switch self {
        case .invalid(let text): text
        case .noChannel: "the organization has no such channel"
        case .noDelivery: "the organization has no such delivery, or it waits to be sent"
        case .tooMany: "an organization has \(NotificationChannel.countMax) channels at most: remove one first"
        case .isOff: "the channel is switched off: switch it on first"
        case .trialWaits: "a trial waits at the channel already: the log of deliveries tells how it goes"
        case .unreadable: "the target of the channel cannot be sealed or read: set it again"
        case .store(let error): "\(error)"
        }
    }
}
