import DataPlaneCore
import FoundationEssentials
import FunctionsAPI
import NIOCore
import NIOPosix
import PostgresKit

/// Runs functions by Deno, a process each, on a socket in the work folder.
struct DenoRuntime: FunctionRuntime {
    let workFolder: String
    let limits: FunctionLimits
    let client = UpstreamClient()
    /// Takes lines of output.
    let output: @Sendable (_ slug: String, _ executionID: String, _ line: String) -> Void

    func prepare() throws {
        let files = FileManager.default
        if files.fileExists(atPath: workFolder) {
            for name in try files.contentsOfDirectory(atPath: workFolder) {
                try files.removeItem(atPath: workFolder + "/" + name)
            }
        } else {
            try files.createDirectory(
                atPath: workFolder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        }
        try write(FunctionPlatform.text, to: workFolder + "/" + FunctionPlatform.fileName)
        try write(FunctionPlatform.empty, to: workFolder + "/" + FunctionPlatform.emptyName)
    }

    func start(_ launch: FunctionLaunch) throws -> any FunctionProcess {
        for folder in [launch.folder, launch.cache] {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        }
        removeOutdated(launch)
        do {
            for (path, text) in launch.files { try write(text, to: path) }
            let pipe = try ChildOutput(for: launch.program)
            read(pipe.readEnd, launch)
            defer { pipe.closeWriteEnd() }
            let child = try ChildProcess.start(
                ChildCommand(
                    executable: launch.program, arguments: launch.arguments, environment: launch.environment,
                    output: .descriptor(pipe.writeEnd)))
            let process = DenoProcess(child: child, launch: launch, client: client)
            process.becomeFirstVictim()
            return process
        } catch {
            DenoProcess.remove(launch.folder)
            throw error
        }
    }

    /// Deployments would fill the work folder otherwise. What stays, such as what a process of an earlier version still
    /// writes to, is removed at the next start of a function.
    private func removeOutdated(_ launch: FunctionLaunch) {
        let folder = workFolder + "/cache"
        do {
            let deployed = Set(try FileManager.default.contentsOfDirectory(atPath: launch.functions))
            for name in try FileManager.default.contentsOfDirectory(atPath: folder)
            where launch.isOutdated(cache: name, deployed: deployed) {
                try FileManager.default.removeItem(atPath: folder + "/" + name)
            }
        } catch {
            output(launch.slug, launch.executionID, "what was made of earlier versions cannot be removed: \(error)")
        }
    }

    private func write(_ text: String, to path: String) throws {
        try Data(text.utf8).write(to: URL(filePath: path))
    }

    /// Reads lines until the last program that writes them has ended.
    private func read(_ descriptor: CInt, _ launch: FunctionLaunch) {
        let output = output
        let limits = limits
        NIOPipeBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        LineHandler(limits: limits) { output(launch.slug, launch.executionID, $0) })
                }
            }
            .takingOwnershipOfDescriptor(input: descriptor)
            .whenFailure { output(launch.slug, launch.executionID, "the output cannot be read: \($0)") }
    }
}

/// A process of Deno.
final class DenoProcess: FunctionProcess {
    private static let killSignal: Int32 = 9

    private let child: ChildProcess
    private let launch: FunctionLaunch
    private let client: UpstreamClient

    init(child: ChildProcess, launch: FunctionLaunch, client: UpstreamClient) {
        self.child = child
        self.launch = launch
        self.client = client
    }

    var use: ProcessUse? {
        guard child.exitStatus == nil, let stat = file("stat"), let statm = file("statm") else { return nil }
        return ProcessUse(stat: stat, statm: statm)
    }

    var exit: ProcessExit? {
        switch child.exitStatus {
        case .code(let code)?: .code(code)
        case .signal(let signal)?: .signal(signal)
        case nil: nil
        }
    }

    func listens() async -> Bool {
        guard FileManager.default.fileExists(atPath: launch.socket) else { return false }
        return await client.reaches(.socket(launch.socket))
    }

    func kill() {
        child.send(signal: Self.killSignal)
        Self.remove(launch.folder)
    }

    func open(_ request: ServiceRequest) async throws(ExchangeFailure) -> any HTTPExchange {
        try await client.open(request, at: .socket(launch.socket))
    }

    /// Where the memory of the container is full, the kernel ends a function before the server.
    func becomeFirstVictim() {
        // Without it the kernel picks the largest, which is a function as well.
        try? Data("1000".utf8).write(to: URL(filePath: "/proc/\(child.processID)/oom_score_adj"))
    }

    /// What stays is removed at the next start of the server.
    static func remove(_ folder: String) { try? FileManager.default.removeItem(atPath: folder) }

    private func file(_ name: String) -> String? {
        FileManager.default.contents(atPath: "/proc/\(child.processID)/\(name)").map {
            String(decoding: $0, as: UTF8.self)
        }
    }
}

/// Cuts output into lines.
private final class LineHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    /// Bytes of a character at most.
    private static let characterBytesMax = 4

    private let lineBytesMax: Int
    private let write: (String) -> Void
    private var throttle: LogThrottle
    private var line: [UInt8] = []

    init(limits: FunctionLimits, write: @escaping (String) -> Void) {
        lineBytesMax = limits.logLineCharactersMax * Self.characterBytesMax
        self.write = write
        throttle = LogThrottle(limits)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        for byte in unwrapInboundIn(data).readableBytesView {
            if byte == UInt8(ascii: "\n") { give() } else if line.count < lineBytesMax { line.append(byte) }
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        if !line.isEmpty { give() }
    }

    private func give() {
        for text in throttle.lines(for: String(decoding: line, as: UTF8.self), at: SteadyClock.seconds) { write(text) }
        line.removeAll(keepingCapacity: true)
    }
}

/// A clock that never goes back.
enum SteadyClock {
    static var seconds: Double { Double(NIODeadline.now().uptimeNanoseconds) / 1_000_000_000 }
}
