/// Host ports are leased, each to one project: a template publishes them by the variables that `x-supamanager.ports`
/// declares, at the address that the manager is given.
struct PortPolicy {
    /// The variable that holds the address.
    static let addressVariable = "BIND_ADDRESS"

    let project: ComposeProject
    /// The variables that interpolation had.
    let environment: [String: String]
    let log: ProblemLog

    func run() {
        let leased = Set(project.manifest.ports.compactMap { environment[$0.name].flatMap { Int($0) } })
        var owners: [String: String] = [:]
        for service in project.services.values.sorted(by: { $0.name < $1.name }) {
            for (index, port) in service.ports.enumerated() {
                let path = "services.\(service.name).ports[\(index)]"
                guard let number = port.publishedPort else {
                    refuse(
                        path,
                        "the engine would choose a host port without a lease: declare a variable in "
                            + "x-supamanager.ports and publish \"${VARIABLE}:\(port.target)\"")
                    continue
                }
                guard leased.contains(number) else {
                    refuse(
                        path,
                        "a second project could not have the host port \(number): declare a variable in "
                            + "x-supamanager.ports and publish \"${VARIABLE}:\(port.target)\"")
                    continue
                }
                if let address = port.hostIP, address != environment[Self.addressVariable] {
                    refuse(
                        path,
                        "the manager leases ports at one address of the host: use ${\(Self.addressVariable)}, or "
                            + "leave the address out")
                }
                let claim = "\(number)/\(port.transport.rawValue)"
                if let owner = owners.updateValue(service.name, forKey: claim) {
                    log.add(.invalid, path: path, "\(claim) is already published by \(owner)")
                }
            }
        }
    }

    private func refuse(_ path: String, _ reason: String) { log.add(.refused, path: path, reason) }
}
