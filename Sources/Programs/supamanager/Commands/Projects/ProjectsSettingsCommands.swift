import ArgumentParser
import ManagementClient
import ProjectModel

/// `supamanager projects rename`
struct ProjectsRenameCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "rename", abstract: "Give a project another name; its ref and its addresses stay.")

    @OptionGroup var project: ProjectArgument

    @Argument(help: "The new name.")
    var name: String

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func perform(_ session: ClientSession) async throws(ClientError) {
        let client = try session.client()
        let (detail, ref) = try await client.project(project)
        try await client.rename(ref, to: name)
        if output.isJSON { return try session.show(json: ["ref": detail.ref, "name": name]) }
        session.say("\(DisplayText.quoted(detail.name)) is called \(DisplayText.quoted(name)) now.")
    }
}

extension SettingGroup {
    /// The group of this name; the parser says what went wrong otherwise.
    static func named(_ text: String) throws -> SettingGroup {
        guard let group = SettingGroup(rawValue: text) else {
            let names = allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("there are no settings of \(DisplayText.quoted(text)): \(names)")
        }
        return group
    }
}

/// `supamanager projects config …`
struct ProjectsConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Show and change the settings of a project's services.",
        subcommands: [ProjectsConfigGetCommand.self, ProjectsConfigSetCommand.self])
}

/// `supamanager projects config get`
struct ProjectsConfigGetCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "get", abstract: "Show the settings of a service; those without a value are left out.")

    @OptionGroup var project: ProjectArgument

    @Argument(help: "auth, rest, database, storage or realtime.", transform: { try SettingGroup.named($0) })
    var group: SettingGroup

    @Argument(help: "Only this setting: its value alone is printed.")
    var name: String?

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func perform(_ session: ClientSession) async throws(ClientError) {
        let client = try session.client()
        let (_, ref) = try await client.project(project)
        let settings = try await client.settings(group, of: ref)
        if let name {
            guard let value = settings[name] else {
                let near = Suggestion.nearest(to: name, among: Array(settings.keys))
                throw .notFound(
                    "\(group.rawValue) has no setting \(DisplayText.quoted(name))"
                        + (near.map { "; did you mean \($0)?" } ?? ""))
            }
            if output.isJSON { return try session.show(json: [name: value]) }
            return session.say(value.cell)
        }
        if output.isJSON { return try session.show(json: settings) }
        var table = Table(["NAME", "VALUE"])
        for (name, value) in settings.sorted(by: { $0.key < $1.key }) where value != .null {
            table.add([Table.Cell(name), Table.Cell(value.cell)])
        }
        session.show(table)
    }
}

/// `supamanager projects config set`
struct ProjectsConfigSetCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Change settings of a service; containers that read them are replaced.",
        discussion: """
            true, false, null and numbers are taken as such; quote a number as '"5"' to send text. For instance: \
            supamanager projects config set shop auth site_url=https://example.com disable_signup=true
            """)

    @OptionGroup var project: ProjectArgument

    @Argument(help: "auth, rest, database, storage or realtime.", transform: { try SettingGroup.named($0) })
    var group: SettingGroup

    @Argument(help: ArgumentHelp("The settings to change.", valueName: "name=value"))
    var values: [String]

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func perform(_ session: ClientSession) async throws(ClientError) {
        var changes: [String: JSONValue] = [:]
        for text in values {
            let (name, value) = try Assignment.read(text)
            let isQuoted = value.count > 1 && value.hasPrefix("\"") && value.hasSuffix("\"")
            changes[name] = isQuoted ? .string(String(value.dropFirst().dropLast())) : JSONValue(typed: value)
        }
        let client = try session.client()
        let (detail, ref) = try await client.project(project)
        try await client.change(group, of: ref, to: changes)
        if output.isJSON { return try session.show(json: changes) }
        let names = changes.keys.sorted().joined(separator: ", ")
        session.say("Changed \(names) of \(group.rawValue) in \(DisplayText.quoted(detail.name)).")
    }
}

/// `NAME=VALUE` on the command line.
enum Assignment {
    static func read(_ text: String) throws(ClientError) -> (name: String, value: String) {
        guard let sign = text.firstIndex(of: "="), sign > text.startIndex else {
            // Not repeated: it may be a secret that was typed without its name.
            throw .invalid("every setting is given as NAME=VALUE")
        }
        return (String(text[..<sign]), String(text[text.index(after: sign)...]))
    }
}
