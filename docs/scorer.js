// Pages that answer come before names in the code: whoever types "predict" wants to know how, not where it is defined
var Scorer = {
  score: ([docname, title, anchor, descr, score, filename]) => score + (docname.startsWith('howto/') ? 12 : 0),
  objNameMatch: 4, objPartialMatch: 2, objPrio: {0: 0, 1: 0, 2: -5}, objPrioDefault: 0,
  title: 15, partialTitle: 7, term: 5, partialTerm: 2
};
