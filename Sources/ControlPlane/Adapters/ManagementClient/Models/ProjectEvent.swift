/// One line of a project's history.
public struct ProjectEvent: Codable, Sendable, Hashable {
    /// When, in RFC 3339, UTC: texts in the order of their times.
    public var at: String
    /// Status from then on.
    public var status: String
    /// Why.
    public var message: String
    /// What it is about; nil from a manager that does not say it.
    public var kind: String?
    /// What is known about it; nil from a manager that does not say it.
    public var facts: Facts?

    public init(at: String, status: String, message: String, kind: String? = nil, facts: Facts? = nil) {
        self.at = at
        self.status = status
        self.message = message
        self.kind = kind
        self.facts = facts
    }
}

extension ProjectEvent {
    /// What is known about an event; everything may be absent.
    public struct Facts: Codable, Sendable, Hashable {
        /// Status before a change, in the API's words.
        public var statusBefore: String?
        public var statusAfter: String?
        /// The operation that it belongs to.
        public var operationID: String?
        /// E-mail address of the operation's requester; nil for what the manager does without a request.
        public var requestedBy: String?
        /// The template version that an upgrade leads away from.
        public var templateBefore: String?
        /// The template version that it leads to.
        public var templateAfter: String?
        /// What failed.
        public var failure: Failure?
        /// How services were restarted: `restarted`, `replaced` or `started_again`.
        public var action: String?
        /// The services that were restarted.
        public var services: [Service]?
        /// The image that was pulled.
        public var image: String?

        /// No facts.
        public init() {}

        enum CodingKeys: String, CodingKey {
            case failure, action, services, image
            case statusBefore = "status_before"
            case statusAfter = "status_after"
            case operationID = "operation_id"
            case requestedBy = "requested_by"
            case templateBefore = "template_before"
            case templateAfter = "template_after"
        }
    }

    /// What failed.
    public struct Failure: Codable, Sendable, Hashable {
        /// The service, when it was one.
        public var service: String?
        /// The reason.
        public var message: String
    }

    /// One service that was restarted.
    public struct Service: Codable, Sendable, Hashable {
        /// Its name in the template.
        public var service: String
        /// The engine's id of its container; of a replaced one that of the previous container.
        public var container: String?
        /// Exit code of its last run that was over.
        public var exitCode: Int?
        /// Whether the kernel ended that run for lack of memory.
        public var isOutOfMemory: Bool?
        /// Starts since the last run that lasted, this one included.
        public var attempts: Int?

        enum CodingKeys: String, CodingKey {
            case service, container, attempts
            case exitCode = "exit_code"
            case isOutOfMemory = "out_of_memory"
        }
    }
}
