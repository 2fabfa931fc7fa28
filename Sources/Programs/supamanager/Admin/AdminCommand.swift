import ArgumentParser

/// `supamanager admin …`: what an operator does on the manager's own database.
struct AdminCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "admin", abstract: "Administer accounts in the database of a stopped manager.",
        discussion: """
            These commands open the database as `serve` does, so no manager may run on it. They name accounts by \
            identifier, because an e-mail address is chosen by its holder and proves nothing until it is confirmed.
            """,
        subcommands: [
            AdminAccountsCommand.self, AdminCreateCommand.self, AdminAppointCommand.self,
            AdminConfirmEmailCommand.self, AdminResetPasswordCommand.self,
        ])
}
