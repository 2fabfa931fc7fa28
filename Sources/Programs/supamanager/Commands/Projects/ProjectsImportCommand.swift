import ArgumentParser
import DeflateKit
import FoundationEssentials
import Glibc
import ManagementClient
import ProjectModel

/// `supamanager projects import`
struct ProjectsImportCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Import a dump of another project into an empty one.",
        discussion: """
            The file is plain SQL of pg_dump or of supabase db dump, also compressed with gzip; - is the standard input. \
            Everything is one transaction: it is imported whole, or the project stays empty. Users keep their passwords, \
            and sign in again. --dry-run carries it out, says what would come along and takes it back.
            """)

    @OptionGroup var project: ProjectArgument

    @Argument(help: "The dump.")
    var file: String

    @Flag(help: "Change nothing, and say what would be.")
    var dryRun = false

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func perform(_ session: ClientSession) async throws(ClientError) {
        let dump = try DumpFile(file)
        let client = try session.client()
        let (detail, ref) = try await client.project(project)
        let report = try await client.importDump(into: ref, isDryRun: dryRun, from: dump.read)
        if output.isJSON { return try session.show(json: report) }
        session.show(report, of: detail.name)
    }
}

extension ClientSession {
    /// Prints what came of a dump.
    func show(_ report: ImportSummary, of project: String) {
        let name = DisplayText.quoted(project)
        let rows = report.rows.values.reduce(0, +)
        let tables = report.rows.count
        say(
            report.isDryRun
                ? "Project \(name) was left as it was. An import would bring \(rows) rows in \(tables) tables, and:"
                : "Imported into project \(name): \(rows) rows in \(tables) tables, and:")
        list("as it is", report.taken)
        list("changed", report.changed)
        list("left out", report.leftOut)
        list("by hand", report.byHand)
    }

    private func list(_ title: String, _ lines: [String: Int]) {
        for (line, count) in lines.sorted(by: { $0.key < $1.key }) {
            say("  \(title): \(DisplayText.oneLine(line))" + (count > 1 ? " (\(count))" : ""))
        }
    }
}

/// A dump on this machine, read piece by piece.
struct DumpFile: Sendable {
    /// Bytes that are read at once.
    private static let pieceBytes = 256 << 10

    private let path: String
    private let isInput: Bool

    /// - Throws: ``ClientError/invalid(_:)`` for what is no file.
    init(_ path: String) throws(ClientError) {
        (self.path, isInput) = (path, path == "-")
        guard isInput || FileManager.default.isReadableFile(atPath: path) else {
            throw .invalid("\(DisplayText.quoted(path)) cannot be read")
        }
    }

    /// Hands over its bytes, decompressed where they are compressed.
    func read(_ take: @Sendable ([UInt8]) async throws(ClientError) -> Void) async throws(ClientError) {
        var descriptor = STDIN_FILENO
        if !isInput {
            // SAFETY: the path is used during the call only.
            descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        }
        guard descriptor >= 0 else { throw .invalid("\(DisplayText.quoted(path)) cannot be read") }
        defer { if !isInput { close(descriptor) } }
        var gunzip: Gunzip?
        var isFirst = true
        while let piece = try next(of: descriptor) {
            if isFirst, piece.starts(with: [0x1F, 0x8B]) {
                gunzip = try decompressing { () throws(DeflateError) in try Gunzip() }
            }
            isFirst = false
            guard let gunzip else {
                try await take(piece)
                continue
            }
            gunzip.feed(piece)
            while let part = try decompressing({ () throws(DeflateError) in try gunzip.next() }) {
                try await take(part)
            }
        }
        if let gunzip, !gunzip.isAtEnd { throw .invalid("\(DisplayText.quoted(path)) ends too early: copy it again") }
    }

    private func decompressing<Value>(_ work: () throws(DeflateError) -> Value) throws(ClientError) -> Value {
        do throws(DeflateError) { return try work() } catch {
            throw .invalid("\(DisplayText.quoted(path)) cannot be decompressed: it is damaged, or of several parts")
        }
    }

    private func next(of descriptor: Int32) throws(ClientError) -> [UInt8]? {
        while true {
            var piece = [UInt8](repeating: 0, count: Self.pieceBytes)
            // SAFETY: the array is used during the call only, with its own count.
            let count = unsafe Glibc.read(descriptor, &piece, Self.pieceBytes)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .invalid("\(DisplayText.quoted(path)) cannot be read") }
            return count == 0 ? nil : Array(piece.prefix(count))
        }
    }
}
