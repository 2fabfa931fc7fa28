// Audit trails.
extension ManagementClient {
    /// Entries of one page of a trail.
    static let auditPageLength = 500
    /// Most pages of one trail.
    static let auditPagesMax = 20_000

    /// Reads the whole trail of an organization and checks it.
    ///
    /// - Parameters:
    ///   - expected: an entry's number and hash that are known from elsewhere.
    ///   - progress: called with the number of entries checked so far, after every page.
    /// - Throws: ``ClientError/failed(_:)`` with the place where the trail breaks.
    public func verifyAuditTrail(
        of slug: String, expected: AuditTrailPage.Head? = nil, progress: (Int64) -> Void = { _ in }
    ) async throws(ClientError) -> AuditTrailCheck {
        var check = AuditTrailCheck()
        check.expected = expected
        for _ in 0..<Self.auditPagesMax {
            let page = try await auditEntries(of: slug, after: check.count, limit: Self.auditPageLength)
            do throws(AuditTrailCheck.Break) {
                for entry in page.result { try check.check(entry) }
                if page.result.isEmpty {
                    try check.checkEnd(page.head)
                    return check
                }
            } catch {
                throw .failed("the audit trail of \(slug) is broken: \(error)")
            }
            progress(check.count)
        }
        throw .failed("the audit trail of \(slug) is longer than this version can check")
    }
}
