public import Orchestrator
public import ProjectModel

/// The host's network as the kernel's `/proc` files describe it, seen from the network namespace that the manager runs
/// in. Policy routing tables other than the main one are not in these files.
public struct LinuxHostNetwork: HostNetwork {
    private let folder: ProcFolder

    /// Reads below `procFolder`, the mount point of the proc file system.
    public init(procFolder: String = "/proc") { folder = ProcFolder(path: procFolder) }

    /// TCP ports that cannot be bound on `address`, an IPv4 or IPv6 address: the same address listens, or one of the
    /// two is the wildcard. A listener on `::` counts for IPv4 too, since the files do not say whether it is limited to
    /// IPv6.
    public func listeningPorts(on address: String) throws(HostError) -> Set<UInt16> {
        guard let wanted = BoundAddress(address) else {
            throw HostError("\(address) is not an IP address on which ports can be bound")
        }
        var listeners = try folder.read("net/tcp", parse: TCPTable.listeners)
        // Missing where the kernel runs without IPv6.
        listeners += try folder.readIfPresent("net/tcp6", parse: TCPTable.listeners) ?? []
        return Set(listeners.lazy.filter { $0.address.clashes(with: wanted) }.map(\.port))
    }

    /// Destinations of the main IPv4 routing table. Left out are the default route and the two halves of the address
    /// space (`0.0.0.0/1`, `128.0.0.0/1`) with which VPN clients override it; they would rule out every subnet.
    public func routes() throws(HostError) -> [IPv4Network] {
        try folder.read("net/route", parse: KernelRoutes.destinations).filter { $0.prefixLength > 1 }
    }

    /// The kernel's range of local ports; nil when the kernel does not have it.
    public func ephemeralPorts() throws(HostError) -> PortRange? {
        try folder.readIfPresent("sys/net/ipv4/ip_local_port_range", parse: EphemeralPorts.range)
    }
}
