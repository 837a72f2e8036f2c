/** Milliseconds that this process has worked so far: unlike a clock's, they are the same beside other programs. */
export const workedMs = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};
