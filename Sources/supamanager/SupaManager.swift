import ArgumentParser

/// The command-line program.
@main
struct SupaManager: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "supamanager",
        abstract: "A control plane that gives every project its own Supabase-style stack on Docker.",
        version: Version.text,
        subcommands: [ServeCommand.self, TemplateCommand.self])
}

/// The program's version.
enum Version {
    static let text = "0.1.0"
}
