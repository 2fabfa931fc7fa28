import Foundation

/// Where the things under test are.
enum Repository {
    /// The repository's folder.
    static let root = URL(filePath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    /// The folder of the stacks that come with the program.
    static let templates = root + "/Templates"

    /// The program: `SUPAMANAGER_TEST_BINARY`, or what was built together with these tests.
    static let binary: String = {
        if let given = ProcessInfo.processInfo.environment["SUPAMANAGER_TEST_BINARY"] { return given }
        let tests = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return URL(filePath: tests).deletingLastPathComponent().path + "/supamanager"
    }()

    /// Whether the program is there.
    static var hasBinary: Bool { FileManager.default.isExecutableFile(atPath: binary) }
}

/// A folder of stacks with a copy of the template in which some text is replaced.
struct ChangedTemplate {
    /// The folder that holds the stack.
    let folder: String

    /// - Throws: ``Trouble`` when `text` does not occur exactly once: then the change would not be the one meant.
    init(in parent: String, named name: String, replacing text: String, with replacement: String) throws {
        try self.init(in: parent, named: name) { content in
            let parts = content.components(separatedBy: text)
            guard parts.count == 2 else { throw Trouble("the template holds \(parts.count - 1) times: \(text)") }
            content = parts.joined(separator: replacement)
        }
    }

    /// A copy whose text is changed.
    init(in parent: String, named name: String, _ change: (inout String) throws -> Void) throws {
        folder = parent + "/" + name
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        try FileManager.default.copyItem(
            atPath: Repository.templates + "/supabase", toPath: folder + "/supabase")
        let file = folder + "/supabase/compose.yaml"
        var text = try String(contentsOfFile: file, encoding: .utf8)
        try change(&text)
        try text.write(toFile: file, atomically: true, encoding: .utf8)
    }

    /// A copy in which every service that has a boot time of its own has this one.
    init(in parent: String, named name: String, bootSeconds: Int) throws {
        try self.init(in: parent, named: name) { text in
            let changed = text.replacing(/boot-seconds: [0-9]+/, with: "boot-seconds: \(bootSeconds)")
            guard changed != text else { throw Trouble("the template has no boot times") }
            text = changed
        }
    }
}
