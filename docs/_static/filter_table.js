// Shows the rows of the table below that hold every word typed.
document.addEventListener("DOMContentLoaded", () => {
  for (const input of document.querySelectorAll("input.filter-table")) {
    const rows = document.querySelectorAll("table.filtered tbody tr");
    input.addEventListener("input", () => {
      const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      for (const row of rows) {
        const text = row.textContent.toLowerCase();
        row.hidden = !words.every((word) => text.includes(word));
      }
    });
  }
});
