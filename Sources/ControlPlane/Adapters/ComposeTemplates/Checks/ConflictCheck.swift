/// Whether services that run together claim the same thing.
struct ConflictCheck {
    let project: ComposeProject
    let log: ProblemLog

    func run() {
        checkPorts()
        checkAddresses()
    }

    private func checkPorts() {
        var owners: [String: String] = [:]
        for service in sorted {
            for (index, port) in service.ports.enumerated() {
                guard let number = port.publishedPort else { continue }
                let claim = "\(port.hostIP.map { "\($0):" } ?? "")\(number)/\(port.transport.rawValue)"
                guard let owner = owners.updateValue(service.name, forKey: claim) else { continue }
                log.add(
                    .invalid, path: "services.\(service.name).ports[\(index)]",
                    "\(claim) is already published by \(owner)")
            }
        }
    }

    private func checkAddresses() {
        var owners: [String: String] = [:]
        for service in sorted {
            for (network, attachment) in service.networks.sorted(by: { $0.key < $1.key }) {
                guard let address = attachment.ipv4Address else { continue }
                guard let owner = owners.updateValue(service.name, forKey: "\(network) \(address)") else { continue }
                log.add(
                    .invalid, path: "services.\(service.name).networks.\(network).ipv4_address",
                    "\(address) already belongs to \(owner)")
            }
        }
    }

    private var sorted: [ComposeService] { project.services.values.sorted { $0.name < $1.name } }
}
