import ArgumentParser

/// `supamanager admin …`: what an operator does on the manager's own database.
struct AdminCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "admin", abstract: "Work on the manager's database while no manager runs on it.",
        discussion: """
            These commands open the database as `serve` would, so no manager may run on it. They name accounts by \
            identifier: an e-mail address is what its holder chose, and proves nothing until it is confirmed.
            """,
        subcommands: [
            AdminAccountsCommand.self, AdminCreateCommand.self, AdminAppointCommand.self,
            AdminConfirmEmailCommand.self, AdminResetPasswordCommand.self,
        ])
}
