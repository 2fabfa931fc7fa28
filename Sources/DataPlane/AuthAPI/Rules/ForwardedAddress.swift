import Clients

extension ClientAddress {
    /// The first of a list as proxies write it, if it is an address.
    init?(firstOf list: String?) {
        guard let first = list?.split(separator: ",").first else { return nil }
        self.init(String(first).trimmed)
    }
}
