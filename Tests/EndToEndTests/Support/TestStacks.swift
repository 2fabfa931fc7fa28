import Foundation

/// A folder with the two stacks of the tests, in which nothing is called as in the stack that comes with the program.
struct TestStacks {
    static let names = ["renamed", "united"]
    /// A variable of one service of both, on which nothing else depends.
    static let edition = #"EDITION: "first""#

    /// The folder that holds the stacks.
    let folder: String

    /// - Parameter edition: The variable's other value.
    init(in parent: String, named name: String, edition: String? = nil) throws {
        folder = parent + "/" + name
        let sources = Repository.root + "/Tests/Stacks"
        let files = FileManager.default
        try files.createDirectory(atPath: folder, withIntermediateDirectories: false)
        for stack in Self.names {
            let target = folder + "/" + stack
            try files.copyItem(atPath: sources + "/shared", toPath: target)
            var text = try String(contentsOfFile: "\(sources)/\(stack)/compose.yaml", encoding: .utf8)
            if let edition {
                guard text.contains(Self.edition) else { throw Trouble("\(stack) does not hold \(Self.edition)") }
                text = text.replacing(Self.edition, with: #"EDITION: "\#(edition)""#)
            }
            try text.write(toFile: target + "/compose.yaml", atomically: true, encoding: .utf8)
        }
    }
}
