import ProjectModel

/// Which log drivers a service may have. The engine itself writes and sends logs, as root and on the host's network:
/// a driver that takes an address or a file would make it dial or read what a template says.
struct LoggingPolicy: Sendable {
    /// Why logging is refused, and at which key below it.
    struct Refusal: Sendable, Hashable {
        let key: String
        let reason: String
    }

    /// The project's subnet; nil where it is not known, and then no address is inside of it.
    let subnet: IPv4Network?

    private static let rotation: Set<String> = ["max-size", "max-file", "compress"]
    private static let delivery: Set<String> = ["mode", "max-buffer-size"]
    private static let cache: Set<String> = [
        "cache-disabled", "cache-max-size", "cache-max-file", "cache-compress",
    ]

    /// The options of each driver that is allowed.
    private static let options: [String: Set<String>] = [
        "json-file": rotation.union(delivery).union(["tag"]), "local": rotation.union(delivery), "none": [],
        "syslog": delivery.union(cache).union(["syslog-address", "syslog-facility", "syslog-format", "tag"]),
    ]

    /// Nil where `logging` is allowed.
    func refusal(of logging: ComposeLogging) -> Refusal? {
        guard let driver = logging.driver else {
            guard !logging.options.isEmpty else { return nil }
            return Refusal(key: "options", reason: "options need a driver: name the driver")
        }
        guard let allowed = Self.options[driver] else {
            let names = Self.options.keys.sorted().joined(separator: ", ")
            return Refusal(
                key: "driver", reason: "the engine would send logs from the host on \(driver)'s terms; use \(names)")
        }
        if let option = logging.options.keys.sorted().first(where: { !allowed.contains($0) }) {
            return Refusal(key: "options.\(option)", reason: "not supported with the driver \(driver)")
        }
        guard driver == "syslog" else { return nil }
        let address = logging.options["syslog-address"]
        guard let address, isInside(address) else {
            return Refusal(
                key: address == nil ? "options" : "options.syslog-address",
                reason: "syslog needs an address inside the project's subnet, such as udp://${COLLECTOR_ADDRESS}:9514")
        }
        return nil
    }

    /// `udp://` or `tcp://`, an IPv4 address of the subnet, a port.
    private func isInside(_ text: String) -> Bool {
        guard let subnet, let scheme = ["udp://", "tcp://"].first(where: { text.hasPrefix($0) }) else { return false }
        let parts = text.dropFirst(scheme.count).split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let address = IPv4Address(parts[0]), let port = UInt16(parts[1]), port > 0,
            parts[1].allSatisfy(\.isNumber)
        else { return false }
        return subnet.base < address && address < subnet.last
    }
}
