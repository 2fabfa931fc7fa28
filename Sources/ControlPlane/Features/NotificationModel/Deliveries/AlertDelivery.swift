public import ProjectModel

/// One alert on its way to one channel.
public struct AlertDelivery: Sendable, Equatable {
    /// Its place in the order of all.
    public var id: Int64
    /// Identifies the message to its receiver: the same at every attempt. A UUID in lower case.
    public var messageID: String
    public var channel: String
    public var alert: Alert
    public var state: DeliveryState
    /// When it was made.
    public var createdAt: Timestamp
    /// When it may go; later than ``createdAt`` while it is kept for a quiet time or for others.
    public var dueAt: Timestamp
    /// When it is tried again.
    public var retryAt: Timestamp?
    /// Attempts so far, those that had no answer too.
    public var attempts: Int
    /// Attempts that the sink refused.
    public var refusals: Int
    /// When the first attempt began, and the latest.
    public var firstAttemptAt: Timestamp?
    public var lastAttemptAt: Timestamp?
    /// The first delivery of the message that this one goes in; set before the first attempt, so that a message is the
    /// same at every attempt.
    public var batch: Int64?
    /// What the sink said last, or why it said nothing; never a secret.
    public var answer: String?
    public var deliveredAt: Timestamp?

    public init(
        id: Int64, messageID: String, channel: String, alert: Alert, createdAt: Timestamp, dueAt: Timestamp,
        state: DeliveryState = .waiting
    ) {
        self.id = id
        self.messageID = messageID
        self.channel = channel
        self.alert = alert
        self.createdAt = createdAt
        self.dueAt = dueAt
        self.state = state
        (attempts, refusals) = (0, 0)
    }

    /// What it stands in line with: messages about one project are in order, those about different ones do not wait for
    /// each other.
    public var queue: String { alert.queue }
    /// Notes the beginning of an attempt in the message of a first delivery.
    public mutating func begin(in batch: Int64, at time: Timestamp) {
        self.batch = batch
        attempts += 1
        firstAttemptAt = firstAttemptAt ?? time
        lastAttemptAt = time
    }

    /// Whether it was kept back.
    var isKept: Bool { dueAt > createdAt }
}

extension Alert {
    /// The line of its deliveries at a channel.
    public var queue: String { rule == .test ? "test" : subject.ref?.text ?? "organization" }
}

/// The raw value is stored, and the word on the wire.
public enum DeliveryState: String, Sendable, CaseIterable {
    case waiting, delivered
    /// Given up; a user can have it tried again.
    case dead
}

/// Bounds of deliveries.
public struct DeliveryLimits: Sendable, Equatable {
    /// Messages that wait at one channel; what comes then is dead from the start, and seen in the log.
    public static let waitingMax = 5_000
    /// Alerts in one message.
    public static let batchMax = 20
    /// Rows of one list.
    public static let listedMax = 100
    /// How long deliveries and alerts can be read.
    public static let kept: Duration = .seconds(30 * 86_400)
    /// Rows that one transaction removes.
    public static let removedMax = 1_000
    /// Unicode scalars of a sink's answer that are kept.
    public static let answerLengthMax = 300

    /// Waits after attempts that found the sink not answering or not able to; the last one is repeated.
    public var waits: [Duration] = [.seconds(30), .seconds(120), .seconds(600), .seconds(1_800), .seconds(3_600)]
    /// Time after a message became due, or was sent again by a user, at which it is given up.
    public var givenUpAfter: Duration = .seconds(86_400)
    /// Attempts of a message, or in a row at its channel, before it is given up for its age.
    public var triesMin = 3
    /// Attempts that the sink may refuse: a message that it does not want does not become better.
    public var refusalsMax = 3
    /// The longest wait that a sink can ask for.
    public var sinkWaitMax: Duration = .seconds(3_600)
    /// Channels that are served at once; each has one message on its way.
    public var lanesMax = 32
    /// Those of one organization among them.
    public var lanesOfOrganizationMax = 8
    /// An attempt as long as this gives its channel's lane to another one.
    public var slowAttempt: Duration = .seconds(1)
    /// Messages that a channel gets before others that wait have their turn.
    public var turnMax = 20
    /// Time between two looks for messages that are due.
    public var dispatchInterval: Duration = .milliseconds(500)
    /// Time between two evaluations of the rules, and of those about backups and the host.
    public var watchInterval: Duration = .seconds(1)
    public var slowWatchInterval: Duration = .seconds(60)
    /// Time between two removals of what is kept no longer.
    public var removalInterval: Duration = .seconds(3_600)

    public init() {}
}

/// When a new delivery goes.
public enum DeliverySchedule {
    /// What a channel is to send of an alert; nil when it does not take it.
    public static func due(of alert: Alert, on channel: NotificationChannel, at now: Timestamp) -> Timestamp? {
        guard channel.isEnabled, channel.filter.takes(alert) else { return nil }
        let grouped = now + channel.grouping
        guard alert.rule.priority != .critical || alert.phase == .resolved, let quiet = channel.quietTime else {
            return grouped
        }
        // What ends up in the quiet time by waiting for others waits on.
        return quiet.end(at: grouped) ?? quiet.end(at: now) ?? grouped
    }

    /// The line whose first message goes next: of those with something due, one that was not tried, then the one whose
    /// last attempt is the longest ago. A message that its sink cannot take holds its own line alone.
    ///
    /// Something due takes along what is before it in its line, kept back or not, so that order holds.
    public static func next(in lines: [Line], at now: Timestamp) -> String? {
        lines.filter { $0.earliestDue <= now && ($0.retryAt ?? now) <= now }.min { $0.place < $1.place }?.queue
    }

    /// The messages of one line that wait.
    public struct Line: Sendable, Equatable {
        public var queue: String
        /// The first of them.
        public var first: Int64
        /// When the first of them to become due is.
        public var earliestDue: Timestamp
        /// When the first one is tried again.
        public var retryAt: Timestamp?
        /// When its latest attempt began.
        public var lastAttemptAt: Timestamp?

        public init(
            queue: String, first: Int64, earliestDue: Timestamp, retryAt: Timestamp?, lastAttemptAt: Timestamp?
        ) {
            self.queue = queue
            self.first = first
            self.earliestDue = earliestDue
            self.retryAt = retryAt
            self.lastAttemptAt = lastAttemptAt
        }

        fileprivate var place: (Int64, Int64) { (lastAttemptAt?.milliseconds ?? .min, first) }
    }

    /// The deliveries that go in the next message of a line.
    ///
    /// - Parameter waiting: those of the line, in order; at least the first ``DeliveryLimits/batchMax``.
    public static func batch(of waiting: [AlertDelivery]) -> [AlertDelivery] {
        guard let first = waiting.first else { return [] }
        if let batch = first.batch { return Array(waiting.prefix { $0.batch == batch }) }
        guard first.isKept else { return [first] }
        return Array(waiting.prefix(DeliveryLimits.batchMax).prefix { $0.batch == nil })
    }
}
