import Orchestrator

/// Paths of pages with values of unknown origin in them.
enum PagePath {
    /// `?a=1&b=2`, percent-encoded; empty for nothing.
    static func query(_ parts: [(String, String)]) -> String {
        guard !parts.isEmpty else { return "" }
        return "?"
            + parts.map { "\(GatewayRequest.encoded($0.0))=\(GatewayRequest.encoded($0.1))" }.joined(separator: "&")
    }
}
