/// What the engine holds of an installation, or of one of its projects, by label.
struct Inventory: Sendable {
    static let installationLabel = "supamanager.installation"
    static let projectLabel = "supamanager.project"

    /// A container, as its inspection tells.
    struct Container: Sendable {
        let details: JSONValue

        var id: String { details["Id"].text ?? "" }
        var name: String { String((details["Name"].text ?? "").drop { $0 == "/" }) }
        var labels: [String: String] { details["Config"]["Labels"].texts }
        var service: String { labels["com.docker.compose.service"] ?? "" }
        var isRunning: Bool { details["State"]["Status"].text == "running" }
        var startedAt: String { details["State"]["StartedAt"].text ?? "" }

        /// The environment, by name.
        var environment: [String: String] {
            let pairs = details["Config"]["Env"].items.compactMap(\.text).map { entry in
                let name = entry.prefix { $0 != "=" }
                return (String(name), String(entry.dropFirst(name.count + 1)))
            }
            return Dictionary(pairs) { $1 }
        }

        /// Addresses in the networks it is on.
        var addresses: [String] {
            details["NetworkSettings"]["Networks"].fields.values.compactMap { $0["IPAddress"].text }
        }

        /// Its address in the network of this key of the template.
        func address(in network: String) -> String? {
            let places = details["NetworkSettings"]["Networks"].fields
            return places.first { $0.key.hasSuffix("_\(network)") }?.value["IPAddress"].text
        }

        /// Host addresses and ports that it publishes.
        var published: [(address: String, port: UInt16)] {
            details["NetworkSettings"]["Ports"].fields.values.flatMap(\.items).map {
                ($0["HostIp"].text ?? "", UInt16($0["HostPort"].text ?? "") ?? 0)
            }
        }
    }

    let containers: [Container]
    let networks: [JSONValue]
    let volumes: [JSONValue]

    var isEmpty: Bool { containers.isEmpty && networks.isEmpty && volumes.isEmpty }

    /// Names of everything, sorted.
    var names: [String] {
        (containers.map(\.name) + (networks + volumes).compactMap { $0["Name"].text }).sorted()
    }

    /// Subnets of the networks.
    var subnets: [String] { networks.flatMap { $0["IPAM"]["Config"].items.compactMap { $0["Subnet"].text } } }

    /// The container of a service; a trial of a backup has one of the database's service too, under another name.
    func container(_ service: String) throws -> Container {
        let found = containers.filter { $0.service == service && $0.name.hasSuffix("-1") }
        guard found.count == 1, let only = found.first else {
            throw Trouble("there are \(found.count) containers of \(service) among \(names)")
        }
        return only
    }

    /// Asks the engine.
    static func of(installation: String, project: String? = nil) async throws -> Inventory {
        let labels = ["\(installationLabel)=\(installation)"] + (project.map { ["\(projectLabel)=\($0)"] } ?? [])
        let list = try await Engine.get("/containers/json?all=true", filters: ["label": labels])
        var containers: [Container] = []
        for id in list.items.compactMap({ $0["Id"].text }) {
            let answer = try await Engine.call("GET", "/containers/\(id)/json")
            // One that went between the list and the inspection is not there.
            if answer.status == 200 { containers.append(Container(details: answer.json)) }
        }
        return Inventory(
            containers: containers.sorted { $0.name < $1.name },
            networks: try await Engine.get("/networks", filters: ["label": labels]).items,
            volumes: try await Engine.get("/volumes", filters: ["label": labels])["Volumes"].items)
    }

    /// Removes everything in it, each by its exact id or name.
    func remove() async throws {
        for container in containers { _ = try await Engine.call("DELETE", "/containers/\(container.id)?force=true") }
        for id in networks.compactMap({ $0["Id"].text }) { _ = try await Engine.call("DELETE", "/networks/\(id)") }
        for name in volumes.compactMap({ $0["Name"].text }) { _ = try await Engine.call("DELETE", "/volumes/\(name)") }
    }
}
