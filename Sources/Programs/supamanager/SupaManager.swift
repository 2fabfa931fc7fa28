import ArgumentParser
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
            SUPAMANAGER_ACCESS_TOKEN. Results go to standard output, everything else to standard error. Colours are \
            used on terminals only, and never when NO_COLOR is set.

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
                    LoginCommand.self, LogoutCommand.self, WhoAmICommand.self, OrganizationsCommand.self,
                    TokensCommand.self,
                ]),
            CommandGroup(
                name: "Projects",
                subcommands: [
                    ProjectsCommand.self, VolumesCommand.self, OrphansCommand.self, JobsCommand.self,
                    RegistriesCommand.self, TemplateCommand.self, AuditCommand.self,
                ]),
        ])
}

/// The program's version.
enum Version {
    static let text = "0.1.0"
}
