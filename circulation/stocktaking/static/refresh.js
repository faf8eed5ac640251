// While work goes on, the page looks again every two seconds.
setTimeout(() => location.reload(), 2000);
