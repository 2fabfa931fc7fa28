import ArgumentParser
import LogKit
import ManagementClient

/// The command-line program.
@main
struct SupaManager: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "supamanager",
        abstract: "A control plane that gives every project its own Supabase-style stack on Docker.",
        discussion: """
            `serve` runs the manager. The other commands call its Management API, on this or another machine, at the \
            address in --api-url or SUPAMANAGER_API_URL, by default \(APIAddress.standard). Sign in with `login`, or set \
            SUPAMANAGER_ACCESS_TOKEN, which counts where no context is used. Results go to standard output, everything \
            else to standard error. Colours are used on terminals only, and never when NO_COLOR is set.

            Exit codes:
            \(ExitStatus.table)

            Shell completion: supamanager --generate-completion-script bash (or zsh, fish) prints a script, for instance
              supamanager --generate-completion-script bash > /etc/bash_completion.d/supamanager
            """,
        version: Version.text,
        subcommands: [
            ServeCommand.self, AdminCommand.self, BackupCommand.self, RestoreCommand.self, DoctorCommand.self,
            NetworkRulesCommand.self,
        ],
        groupedSubcommands: [
            CommandGroup(
                name: "Account",
                subcommands: [
                    LoginCommand.self, LogoutCommand.self, WhoAmICommand.self, ContextCommand.self,
                    OrganizationsCommand.self, UsersCommand.self, TokensCommand.self,
                ]),
            CommandGroup(
                name: "Projects",
                subcommands: [
                    ProjectsCommand.self, FunctionsCommand.self, StorageCommand.self, BackupsCommand.self,
                    VolumesCommand.self, NotificationsCommand.self, OrphansCommand.self, JobsCommand.self,
                    RegistriesCommand.self, TemplateCommand.self, AuditCommand.self,
                ]),
        ])
}

extension SupaManager {
    /// Runs the command; a word that names none is answered with the nearest that does.
    static func main() async {
        if let refusal = CommandWords.refusal(of: Array(CommandLine.arguments.dropFirst()), in: Self.self) {
            Terminal().write("Error: \(refusal)\n", to: .error)
            exit(withError: ExitCode.validationFailure)
        }
        do {
            var command = try await asyncParseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch { exit(withError: error) }
    }
}

/// The words that name a command. Pure.
enum CommandWords {
    /// What is wrong with the words before the first option; nil where they lead to a command.
    static func refusal(of arguments: [String], in root: any ParsableCommand.Type) -> String? {
        var command = root
        var path = [command._commandName]
        for word in arguments {
            let subcommands = command.configuration.subcommands
            // What follows is an option or an argument of the command, and its own parser's matter.
            guard !subcommands.isEmpty, !word.hasPrefix("-"), word != "help" else { return nil }
            guard let next = subcommands.first(where: { names(of: $0).contains(word) }) else {
                let near = Suggestion.nearest(to: word, among: subcommands.flatMap(names))
                return "there is no command \(DisplayText.quoted((path + [word]).joined(separator: " ")))"
                    + (near.map { "; did you mean \((path + [$0]).joined(separator: " "))?" }
                        ?? ": \(path.joined(separator: " ")) --help lists all")
            }
            command = next
            path.append(next._commandName)
        }
        return nil
    }

    private static func names(of command: any ParsableCommand.Type) -> [String] {
        [command._commandName] + command.configuration.aliases
    }
}

/// The program's version.
enum Version {
    static let text = ProgramVersion.text
}
