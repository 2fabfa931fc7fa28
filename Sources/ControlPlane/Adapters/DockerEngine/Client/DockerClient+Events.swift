import CurlKit
import FoundationEssentials

extension DockerClient {
    /// Follows what happens on the engine from now on. Maps to `GET /events`.
    ///
    /// Events are hints, not a record: the engine drops them for readers that are slow, keeps 256 of them, and forgets
    /// all of them when it restarts. So list the objects after this call has returned, and again whenever the stream
    /// has ended. A reader that falls behind by the client's stream buffer gets `slowConsumer` rather than a silent
    /// gap.
    public func events(_ filter: EventFilter = EventFilter()) async throws(DockerError) -> EngineStream<DockerEvent> {
        var call = EngineCall(method: "GET", path: "/events")
        // The engine sends the head before it subscribes us. What happens in between comes from its buffer.
        let now = Date().timeIntervalSince1970
        let asked = EngineTimestamp(
            secondsSince1970: Int64(now), nanoseconds: Int32((now - now.rounded(.down)) * 1_000_000_000))
        call.query.append(("since", asked.description))
        try call.setFilters([
            "type": filter.types.map(\.rawValue), "event": filter.actions, "label": filter.labels.map(\.text),
        ])
        call.timeout = DockerLimits.streamHeadTimeout
        let stream = try await wire.stream(call, overflow: .fail)
        return EngineStream(stream, decoder: JSONLinesDecoder<DockerEvent>(call: call.label))
    }
}

/// Which events a stream brings. An empty list does not restrict.
public struct EventFilter: Sendable, Equatable {
    /// What the event is about.
    public enum ObjectType: String, Sendable {
        case container
        case image
        case volume
        case network
        /// The engine itself.
        case daemon
    }

    /// Any of these kinds of object.
    public var types: [ObjectType]
    /// Any of these actions, for instance `die`; `health_status` covers all its values.
    public var actions: [String]
    /// All of these labels, on the object that the event is about.
    public var labels: [LabelFilter]

    public init(types: [ObjectType] = [], actions: [String] = [], labels: [LabelFilter] = []) {
        self.types = types
        self.actions = actions
        self.labels = labels
    }
}

public struct DockerEvent: Sendable, Equatable, Decodable {
    /// The type of object, for instance `container`.
    public let type: String
    /// The action, for instance `die`, `start`, `health_status: healthy`.
    public let action: String
    /// The object's identifier; for volumes and images their name.
    public let actorID: String
    /// The object's labels, and facts about the event such as `name`, `image` and `exitCode`.
    public let attributes: [String: String]
    /// When it happened, by the engine's clock, in nanoseconds since 1970.
    public let timeNanoseconds: Int64

    /// The action without what follows a colon: `health_status`, `exec_create`.
    public var verb: String { String(action.prefix { $0 != ":" }) }

    enum CodingKeys: String, CodingKey {
        case type = "Type"
        case action = "Action"
        case actor = "Actor"
        case time = "timeNano"
    }

    enum ActorKeys: String, CodingKey {
        case id = "ID"
        case attributes = "Attributes"
    }

    /// Reads one event of the stream.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        type = try container.decode(String.self, forKey: .type)
        action = try container.decode(String.self, forKey: .action)
        timeNanoseconds = try container.value(.time, default: 0)
        let actor = try container.nestedContainer(keyedBy: ActorKeys.self, forKey: .actor)
        actorID = try actor.value(.id, default: "")
        attributes = try actor.value(.attributes, default: [:])
    }
}
