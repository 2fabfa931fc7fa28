/// The fields of a list entry needed to detect a change. A list of thousands is decoded as this: other fields are
/// skipped.
struct ContainerListItem: Sendable, Equatable, Decodable {
    let id: String
    /// Its name, without the engine's leading slash.
    let name: String
    let state: ContainerState
    /// The labels that say whose it is; nil for those it does not have.
    let installation: String?, project: String?, service: String?
    /// Its places on networks. Each start draws new identifiers.
    let endpointIDs: [String]
    /// Ports of the host that it holds.
    let hostPorts: [Int]

    enum CodingKeys: String, CodingKey {
        case id = "Id"
        case names = "Names"
        case state = "State"
        case labels = "Labels"
        case ports = "Ports"
        case network = "NetworkSettings"
    }

    private struct Place: Decodable {
        let endpointID: String?
        enum CodingKeys: String, CodingKey { case endpointID = "EndpointID" }
    }

    private struct Places: Decodable {
        let networks: [String: Place]?
        enum CodingKeys: String, CodingKey { case networks = "Networks" }
    }

    private struct Port: Decodable {
        let host: Int?
        enum CodingKeys: String, CodingKey { case host = "PublicPort" }
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        id = try container.decode(String.self, forKey: .id)
        name = ContainerSummary.ownName(try container.value(.names, default: []))
        state = try container.decode(ContainerState.self, forKey: .state)
        hostPorts = try container.value(.ports, default: [Port]()).compactMap(\.host)
        let places = try container.decodeIfPresent(Places.self, forKey: .network)?.networks ?? [:]
        endpointIDs = places.values.compactMap(\.endpointID)
        let labels = try container.decodeIfPresent(OwnLabels.self, forKey: .labels)
        (installation, project, service) = (labels?.installation, labels?.project, labels?.service)
    }

    /// What distinguishes the container and its present run from all others. Labels never change.
    var run: Run { Run(id: id, name: name, state: state, endpointIDs: endpointIDs) }

    struct Run: Sendable, Hashable {
        let id: String, name: String
        let state: ContainerState
        /// Sorted; without empty ones.
        let endpointIDs: [String]

        init(id: String, name: String, state: ContainerState, endpointIDs: some Sequence<String>) {
            self.id = id
            self.name = name
            self.state = state
            self.endpointIDs = endpointIDs.filter { !$0.isEmpty }.sorted()
        }

        /// Whether an inspection stays valid for as long as lists show this: the container has not been started yet, or
        /// runs with an endpoint on a network that the next start recreates. Of one that has ended, lists do not show
        /// whether it has run again meanwhile.
        var isCacheable: Bool {
            switch state {
            case .created: true
            case .running: !endpointIDs.isEmpty
            default: false
            }
        }
    }
}

extension ContainerSummary {
    /// The same of a whole element of a list.
    var run: ContainerListItem.Run {
        ContainerListItem.Run(id: id, name: name, state: state, endpointIDs: endpoints.values.map(\.endpointID))
    }
}
