// A reporter that names every test which passed only at a further try: on CI tests of real processes get one, since its
// machine is shared, and a test that needs it often is a fault that somebody has to see.
// oxlint-disable-next-line import/no-default-export -- vitest asks for one
export default class SecondTries {
  onTestCaseResult(testCase) {
    const { retryCount = 0, flaky = false } = testCase.diagnostic() ?? {};
    if (flaky) console.log(`passed at try ${retryCount + 1}: ${testCase.fullName}`);
  }
}
