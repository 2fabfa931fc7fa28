import NIOCore
import ProjectModel
import Reconciler

/// A probe's request, checked and encoded.
struct ProbeQuestion: Sendable {
    /// How the exchange proceeds on a connection.
    enum Talk: Sendable {
        case http(HTTPQuestion)
        case tcp
        case postgres(PostgresQuestion)
    }

    let port: UInt16
    let talk: Talk

    init(_ probe: Probe, at address: IPv4Address) throws(InvalidProbe) {
        switch probe {
        case .http(let port, let path, let status, let headers):
            self.port = port
            let authority = port == 80 ? "\(address)" : "\(address):\(port)"
            talk = .http(try HTTPQuestion(path: path, status: status, headers: headers, authority: authority))
        case .tcp(let port):
            self.port = port
            talk = .tcp
        case .postgres(let port, let user, let database):
            self.port = port
            talk = .postgres(try PostgresQuestion(user: user, database: database))
        case .exec:
            throw InvalidProbe("a command inside the container is not a probe over the network")
        case .several:
            throw InvalidProbe("several probes are run one by one")
        }
        guard port > 0 else { throw InvalidProbe("the probe names port 0, on which nothing can listen") }
    }
}

/// Why a probe cannot be run at all; running it again will not help.
struct InvalidProbe: Error, Equatable, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
