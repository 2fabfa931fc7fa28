import FoundationEssentials
import Glibc
import ProjectModel
import Testing

@testable import LinuxHost

private let hasIPv6 = (try? BoundSocket(address: "::1", port: 0)) != nil

/// The kernel of the machine that runs the tests, asked both ways: by its files and by binding.
@Suite struct LiveHostTests {
    private static let addresses =
        ["127.0.0.1", "127.0.0.2", "0.0.0.0"] + (hasIPv6 ? ["::1", "::", "::ffff:127.0.0.1"] : [])

    @Test(arguments: addresses)
    func aListenerIsFoundExactlyWhereItsPortCannotBeBound(address: String) throws {
        let listener = try BoundSocket.listening(on: address)
        let host = LinuxHostNetwork()
        for other in Self.addresses {
            let isTaken = try host.listeningPorts(on: other).contains(listener.port)
            #expect(isTaken == !BoundSocket.canBind(other, port: listener.port), "listener on \(address), to \(other)")
        }
    }

    /// The kernel hands out a page at a time: the table of these is longer than that.
    @Test func noListenerIsMissedWhereThereAreMany() throws {
        let listeners = try Listeners(count: 200)
        #expect(try LinuxHostNetwork().listeningPorts(on: "127.0.0.1").isSuperset(of: listeners.ports))
    }

    @Test func aClosedListenerIsGone() throws {
        let port: UInt16
        do {
            let listener = try BoundSocket.listening(on: "127.0.0.1")
            port = listener.port
            #expect(try LinuxHostNetwork().listeningPorts(on: "127.0.0.1").contains(port))
        }
        #expect(try !LinuxHostNetwork().listeningPorts(on: "127.0.0.1").contains(port))
    }

    @Test func theKernelsOwnRoutesAndRangeAreReadable() throws {
        let host = LinuxHostNetwork()
        #expect(try host.routes().allSatisfy { $0.prefixLength > 1 })
        let range = try #require(try host.ephemeralPorts())
        let recorded = try String(contentsOfFile: "/proc/sys/net/ipv4/ip_local_port_range", encoding: .utf8)
        #expect(recorded == "\(range.bounds.lowerBound)\t\(range.bounds.upperBound)\n")
    }
}

/// Many listeners on 127.0.0.1.
private final class Listeners {
    let ports: Set<UInt16>
    private let next: Listeners?
    private let socket: BoundSocket

    init(count: Int) throws {
        socket = try BoundSocket.listening(on: "127.0.0.1")
        next = count > 1 ? try Listeners(count: count - 1) : nil
        ports = (next?.ports ?? []).union([socket.port])
    }
}

/// A TCP socket with an address of its own, closed when it goes out of sight.
private struct BoundSocket: ~Copyable {
    struct Failure: Error {
        let code: Int32
    }

    let port: UInt16
    private let descriptor: Int32

    init(address: String, port: UInt16) throws {
        descriptor = try Self.bound(address, port)
        self.port = port
    }

    deinit { close(descriptor) }

    /// Listens on a port outside of the usual ephemeral range, where no outgoing connection gets in the way.
    static func listening(on address: String) throws -> BoundSocket {
        for _ in 0..<100 {
            let port = UInt16.random(in: 20_000..<32_000)
            guard canBind(hasIPv6 ? "::" : "0.0.0.0", port: port) else { continue }
            let socket = try BoundSocket(address: address, port: port)
            guard listen(socket.descriptor, 4) == 0 else { throw Failure(code: errno) }
            return socket
        }
        throw Failure(code: EADDRINUSE)
    }

    static func canBind(_ address: String, port: UInt16) -> Bool {
        do {
            _ = try BoundSocket(address: address, port: port)
            return true
        } catch {
            return false
        }
    }

    private static func bound(_ address: String, _ port: UInt16) throws -> Int32 {
        let isIPv6 = address.contains(":")
        let descriptor = socket(isIPv6 ? AF_INET6 : AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw Failure(code: errno) }
        guard
            (isIPv6 ? bind6(descriptor, address: address, port: port) : bind4(descriptor, address: address, port: port))
                == 0
        else {
            let failure = Failure(code: errno)
            close(descriptor)
            throw failure
        }
        return descriptor
    }

    private static func bind4(_ descriptor: Int32, address: String, port: UInt16) -> Int32 {
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = port.bigEndian
        inet_pton(AF_INET, address, &name.sin_addr)
        return withUnsafePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    private static func bind6(_ descriptor: Int32, address: String, port: UInt16) -> Int32 {
        var name = sockaddr_in6()
        name.sin6_family = sa_family_t(AF_INET6)
        name.sin6_port = port.bigEndian
        inet_pton(AF_INET6, address, &name.sin6_addr)
        return withUnsafePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in6>.size))
            }
        }
    }
}
