import FoundationEssentials
import Orchestrator
import ProjectModel
import Testing

@testable import LinuxHost

/// A folder that stands in for `/proc`.
private struct RecordedProc: ~Copyable {
    let path: String

    init(_ files: [String: Data]) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "supamanager-proc-\(UUID().uuidString)")
        path = folder.path
        for (name, content) in files {
            let file = folder.appending(path: name)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try content.write(to: file)
        }
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

@Suite struct LinuxHostNetworkTests {
    private static let listeners = ProcRendering.tcpTable([
        ([127, 0, 0, 1], 5_001, 0x0A), ([0, 0, 0, 0], 5_002, 0x0A), ([10, 0, 0, 9], 5_003, 0x0A),
        ([127, 0, 0, 1], 5_004, 0x01),
    ])
    private static let listeners6 = ProcRendering.tcpTable([
        (ProcRendering.octets(UInt128(0)), 6_001, 0x0A), (ProcRendering.octets(UInt128(1)), 6_002, 0x0A),
        (ProcRendering.octets(UInt128(0xFFFF_7F00_0001)), 6_003, 0x0A),
    ])

    @Test(
        arguments: [
            ("127.0.0.1", [5_001, 5_002, 6_001, 6_003]), ("127.0.0.2", [5_002, 6_001]),
            ("0.0.0.0", [5_001, 5_002, 5_003, 6_001, 6_003]), ("::1", [6_001, 6_002]),
            ("::", [5_001, 5_002, 5_003, 6_001, 6_002, 6_003]), ("::ffff:10.0.0.9", [5_002, 5_003, 6_001]),
        ] as [(String, Set<UInt16>)])
    func onlyPortsThatClashWithTheAddressAreTaken(address: String, ports: Set<UInt16>) throws {
        let proc = try RecordedProc(["net/tcp": Data(Self.listeners.utf8), "net/tcp6": Data(Self.listeners6.utf8)])
        #expect(try LinuxHostNetwork(procFolder: proc.path).listeningPorts(on: address) == ports)
    }

    @Test func aKernelWithoutIPv6HasNoSecondTable() throws {
        let proc = try RecordedProc(["net/tcp": Data(Self.listeners.utf8)])
        #expect(try LinuxHostNetwork(procFolder: proc.path).listeningPorts(on: "127.0.0.1") == [5_001, 5_002])
    }

    @Test func aMissingTableIsAnError() throws {
        let proc = try RecordedProc(["net/tcp6": Data(Self.listeners6.utf8)])
        let host = LinuxHostNetwork(procFolder: proc.path)
        let reason = HostError("\(proc.path)/net/tcp does not exist: is the proc file system mounted?")
        #expect(throws: reason) { try host.listeningPorts(on: "127.0.0.1") }
    }

    @Test func aGarbledTableIsAnErrorThatNamesFileAndLine() throws {
        let proc = try RecordedProc([
            "net/tcp": Data(Self.listeners.utf8), "net/tcp6": Data((Self.listeners6 + "what\n").utf8),
        ])
        let host = LinuxHostNetwork(procFolder: proc.path)
        let reason = HostError("\(proc.path)/net/tcp6, line 5: does not hold a socket's addresses and state")
        #expect(throws: reason) { try host.listeningPorts(on: "127.0.0.1") }
    }

    @Test func aTableThatCannotBeReadIsAnError() throws {
        let proc = try RecordedProc(["net/tcp/file": Data()])
        let host = LinuxHostNetwork(procFolder: proc.path)
        let reason = HostError("\(proc.path)/net/tcp cannot be read: it is a folder")
        #expect(throws: reason) { try host.listeningPorts(on: "127.0.0.1") }
    }

    @Test func aTableWithoutEndIsRefused() throws {
        let proc = try RecordedProc(["net/tcp": Data(count: ProcFolder.fileBytesMax + 1)])
        let host = LinuxHostNetwork(procFolder: proc.path)
        let reason = HostError("\(proc.path)/net/tcp is larger than \(ProcFolder.fileBytesMax) bytes")
        #expect(throws: reason) { try host.listeningPorts(on: "127.0.0.1") }
    }

    @Test(arguments: ["", "localhost", "127.0.0.1:80", "::1%lo"])
    func whatIsNoAddressIsAnError(text: String) {
        #expect(throws: HostError("\(text) is not an IP address on which ports can be bound")) {
            try LinuxHostNetwork().listeningPorts(on: text)
        }
    }

    @Test func defaultRoutesAreLeftOutInEveryForm() throws {
        let all = try ["0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1", "172.17.0.0/16", "10.8.0.1/32"].map {
            try #require(IPv4Network($0))
        }
        let proc = try RecordedProc(["net/route": Data(ProcRendering.routeTable(all).utf8)])
        #expect(try LinuxHostNetwork(procFolder: proc.path).routes() == Array(all[3...]))
    }

    @Test func theEphemeralRangeIsReadAndMayBeUnknown() throws {
        let file = "sys/net/ipv4/ip_local_port_range"
        let known = try RecordedProc([file: Data("40000\t50000\n".utf8)])
        #expect(try LinuxHostNetwork(procFolder: known.path).ephemeralPorts() == PortRange("40000-50000"))
        let unknown = try RecordedProc(["net/route": Data()])
        #expect(try LinuxHostNetwork(procFolder: unknown.path).ephemeralPorts() == nil)
        let garbled = try RecordedProc([file: Data("all of them\n".utf8)])
        #expect(throws: HostError.self) { try LinuxHostNetwork(procFolder: garbled.path).ephemeralPorts() }
    }
}
